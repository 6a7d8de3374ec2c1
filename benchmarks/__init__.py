"""Measurements of smalti: one command a row, raw figures kept, the READMEs' tables made from them.

    python -m benchmarks throughput         training speed against a bare hand-written loop
    python -m benchmarks startup            what a person waits for before anything happens
    python -m benchmarks memory             peak memory of a CIFAR-10 training
    python -m benchmarks keras              training speed against Keras's model.fit
    python -m benchmarks rows               the rows of the result table, with their commands
    python -m benchmarks accuracy ROW       test accuracy over seeds, a row of the result table
    python -m benchmarks gather FOLDER      take over seeds that another machine measured
    python -m benchmarks table [--check]    write (or check) the tables of both READMEs

Every measurement writes ``benchmarks/results/<row>.json`` with machine, versions, date and commit.
"""
