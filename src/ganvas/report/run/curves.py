"""The curves of a run, under a band that shows its verdicts over time."""

from ganvas.report import charts
from ganvas.report.charts import Chart
from ganvas.report.run import verdict
from ganvas.report.run.run import Run


def curves(run: Run) -> tuple[list[Chart], verdict.Band | None]:
    """The charts that have data, with the verdicts in a strip over each, and the band; None before a verdict."""
    logs = run.logs
    figures = charts.curves(
        [line.record() for line in logs.stats],
        [evaluation.record() for evaluation in logs.evaluations],
        logs.best.kimg if logs.best else None,
    )
    band = verdict.band(run)
    if band:
        for chart in figures:
            verdict.mark(chart.figure, band)
    return figures, band
