"""Classifiers of pictures: learning to tell artists or styles apart, and judging what a generator painted."""
