"""`ganvas explore bottom`."""

from ganvas.cli.arguments import ClassName, Count, Enlarge, NoMetadata, Pool, Run, Seed, SheetOut, Truncation


def bottom(
    source: Run,
    n: Count = 10,
    of: Pool = 256,
    seed: Seed = 0,
    label: ClassName = None,
    truncation: Truncation = 1.0,
    out: SheetOut = None,
    enlarge: Enlarge = 2,
    no_metadata: NoMetadata = False,
) -> None:
    """Rank pictures by the discriminator: those that it is surest are generated.

    Prints a line for each, with the probability that it is real by the discriminator of the newest checkpoint.
    """
    from ganvas.cli.ranking import show_ranking

    show_ranking(source, n, of, seed, label, truncation, out, enlarge, metadata=not no_metadata, best=False)
