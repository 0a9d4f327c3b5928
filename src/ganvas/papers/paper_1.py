"""Paper 1: "Painting with Generative Adversarial Networks"."""

from ganvas.papers.drawings import Layers, Losses, Outputs, RealPictures
from ganvas.papers.paper import Figure, Length, Paper, Pictures, StandIn, Training

# The paper gives no length. It "used the code provided by the tutorial", which trains for 5 epochs.
LENGTH = Length.of_epochs(
    5, 8027, "not stated; the tutorial that the paper follows trains 5 epochs, here of 8,027 pictures", is_stated=False
)

PAPER = Paper(
    number=1,
    title="Painting with Generative Adversarial Networks",
    authors="Sam Nadjari, Jeffrey Yoo, Clark Benham",
    pictures=(
        Pictures(
            key="artworks",
            title="Paintings",
            paper="8,027 works of art by 50 artists, resized to 128 x 128",
            count=8027,
            size=128,
            stand_in=StandIn("painter:480", size=128),
            columns=("artist",),
            fit="squash",
        ),
    ),
    experiments=(
        Training(
            key="gan",
            title="GAN",
            pictures="artworks",
            recipe="dcgan128",
            length=LENGTH,
            outcome="fails",
            says="“mode collapse is happening in both cases as different z's all still produce very similar images”",
        ),
        Training(
            key="wgan",
            title="WGAN",
            pictures="artworks",
            recipe="wgan",
            length=LENGTH,
            outcome="fails",
            says="“mode collapse is happening in both cases as different z's all still produce very similar images”",
        ),
    ),
    figures=(
        Figure(
            "figure-1",
            "Architecture of the generator model",
            "Another transposed convolution is added to the tutorial's generator, so that it samples 128 x 128 "
            "pictures from a vector of 100 numbers.",
            Layers("dcgan128", 128, ("generator",)),
        ),
        Figure(
            "figure-2",
            "Architecture of the discriminator model",
            "A new convolution is added to the tutorial's discriminator to account for the new size.",
            Layers("dcgan128", 128, ("discriminator",)),
        ),
        Figure(
            "figure-3",
            "Sample of training images after preprocessing",
            "The pictures are resized to 128 x 128, since nearly all have a width and height of at least 128 pixels.",
            RealPictures(("artworks",)),
        ),
        Figure(
            "figure-4",
            "Plot of loss vs training iteration (left: WGAN, right: GAN)",
            "For both, “our losses converge to 0, which indicates that our generator has failed to learn”.",
            Losses(("wgan", "gan")),
        ),
        Figure(
            "figure-5",
            "Three outputs of GAN",
            "Three random z give “very similar images”, which “differ very clearly from human paintings”.",
            Outputs(("gan",)),
        ),
        Figure(
            "figure-6",
            "Three outputs of WGAN",
            "The same: “mode collapse is happening in both cases”.",
            Outputs(("wgan",)),
        ),
    ),
)
