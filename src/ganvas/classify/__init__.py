"""Classifiers of pictures: training them on artists or styles, scoring them, and judging generated pictures."""
