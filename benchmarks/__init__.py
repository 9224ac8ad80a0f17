"""How fast sagestack is beside what people use today, measured side by side: `make bench`.

A module for each section of RESULTS.md; peers/ has what they are compared with. Nothing here is
part of the test suite: a figure of time depends on the machine and on what else runs on it.
"""
