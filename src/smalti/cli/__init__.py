"""The command line: parse, call one public function, print what was written and what next."""
