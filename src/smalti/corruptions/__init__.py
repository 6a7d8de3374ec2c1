"""What happens to pictures between the world and a classifier, in five strengths each.

Most are those of Hendrycks & Dietterich, "Benchmarking Neural Network Robustness to Common
Corruptions and Perturbations" (ICLR 2019); what moves a picture, and the stripe that ``invert``
grows from, are those of Mu & Gilmer, "MNIST-C: A Robustness Benchmark for Computer Vision" (2019).
Both sized them for one data set each. Here sizes are parts of the picture's side, and strengths 1
to 4 were chosen by eye so that people still name MNIST's, Fashion-MNIST's and CIFAR-10's pictures.

Every corruption is a function of float32 pictures n×H×W×C (values 0–255), a strength from 1 to 5
and a random generator; it returns new pictures n×H×W×C, whose values may leave the range. How much
of what it draws must not depend on the strength: so all strengths draw the same.
"""
