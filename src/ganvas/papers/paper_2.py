"""Paper 2: "Coding Art with DCGANs"."""

from ganvas.papers.drawings import (
    Accuracy,
    AccuracyAndLosses,
    ActivationMaps,
    Functions,
    Layers,
    Losses,
    OriginalAndGenerated,
    RealPictures,
    Reduction,
    Remark,
    Samples,
)
from ganvas.papers.paper import Figure, Length, Paper, Pictures, StandIn, Training

EPOCHS, BATCH = 175, 64
# A quarter of the paper's expressionism. A quarter of these is a quarter of its Van Gogh.
EMBEDDED = "painter:888"
# 3,560 pictures are 55 whole batches of 64.
EXPRESSIONISM = Length(EPOCHS * 55 * BATCH, f"{EPOCHS} epochs of 55 batches of {BATCH}")
# The paper counts 44 batches for 877 pictures, which is not 877 / 64. The pictures are counted here, not the batches.
VAN_GOGH = Length.of_epochs(EPOCHS, 877)

# The paper adds these one at a time, so a run has neither unless it is about one.
PLAIN = {"flip": False, "l2": 0.0}
# The penalty of the paper's "penalty of 1e-7 in the 2D convolutional layers".
REGULARISED = {"flip": False, "l2": 1e-7}

# Keras counts BatchNorm's two moving statistics as parameters.
GENERATOR = (827392, 2048, 3277056, 1024, 819328, 512, 204864, 256, 4803)
DISCRIMINATOR = (4864, 204928, 512, 819456, 1024, 3277312, 2048, 8193)

PAPER = Paper(
    number=2,
    title="Coding Art with DCGANs",
    authors="Mariana Pérez",
    pictures=(
        Pictures(
            key="van-gogh",
            title="Van Gogh",
            paper="877 paintings of Van Gogh, from WikiArt",
            count=877,
            size=64,
            stand_in=StandIn(EMBEDDED, size=32, classes=("landscape",)),
            classes=1,
            like=("van gogh", "van-gogh", "van_gogh"),
            columns=("artist",),
        ),
        Pictures(
            key="expressionism",
            title="Expressionism",
            paper="3,560 works of expressionism, from WikiArt",
            count=3560,
            size=64,
            stand_in=StandIn(EMBEDDED, size=32, classes=("abstract", "flower", "landscape", "portrait")),
            like=("expressionism",),
            columns=("style",),
        ),
        Pictures(
            key="portraits",
            title="Self-portraits",
            paper="2,141 self-portraits (2,142 in another place), from WikiArt",
            count=2141,
            size=64,
            stand_in=StandIn(EMBEDDED, size=32, classes=("portrait",)),
            classes=1,
            like=("self-portrait", "portrait"),
            columns=("genre",),
        ),
    ),
    experiments=(
        Training(
            "van-gogh-plain",
            "Van Gogh",
            "van-gogh",
            "keras-dcgan",
            VAN_GOGH,
            "fails",
            "“the generator was not able to improve its results”; pictures are “very pixelated”, with “shadow acne”",
            PLAIN,
        ),
        Training(
            "van-gogh-flip",
            "Van Gogh, with flips",
            "van-gogh",
            "keras-dcgan",
            VAN_GOGH,
            "fails",
            "the pictures do not “show a big improvement”, the losses “a slightly improvement”",
            {"flip": True, "l2": 0.0},
        ),
        Training(
            "expressionism-plain",
            "Expressionism",
            "expressionism",
            "keras-dcgan",
            EXPRESSIONISM,
            "works",
            "“very good in comparison with the Van Gogh ones”",
            PLAIN,
        ),
        Training(
            "expressionism-l2",
            "Expressionism, with L2",
            "expressionism",
            "keras-dcgan",
            EXPRESSIONISM,
            "works",
            "L2 “helped to diversify the resulting images”",
            REGULARISED,
        ),
        Training(
            "portraits-l2",
            "Self-portraits, with L2",
            "portraits",
            "keras-dcgan",
            Length.of_epochs(EPOCHS, 2141),
            "works",
            "“the person is always in the center of the picture”; “the overall image is quite good”",
            REGULARISED,
        ),
        Training(
            "hard-labels",
            "Expressionism, with discrete labels",
            "expressionism",
            "keras-dcgan",
            EXPRESSIONISM,
            "fails",
            "“the discriminator reached its optimal point early on provoking that the generator could not learn”",
            {**PLAIN, "real_target": 1.0, "fake_target": 0.0},
        ),
    ),
    figures=(
        Figure(
            "figure-1",
            "Graphic representation of the network design for the generator",
            "A DCGAN has convolutions without max pooling or fully connected layers, with strides to change the size.",
            Remark("A drawing of the network. Figure 3 has its layers."),
        ),
        Figure(
            "figure-2",
            "Example of the type of images that are present in the different datasets",
            "“All the artworks consisted of different types of techniques”: sketches, oil and watercolour paintings.",
            RealPictures(("van-gogh", "expressionism", "portraits")),
        ),
        Figure(
            "figure-3",
            "Model of the generator",
            "A table of layers with their numbers of parameters.",
            Layers("keras-dcgan", 64, ("generator",), paper=GENERATOR),
        ),
        Figure(
            "figure-4",
            "Tanh v/s logistic sigmoid",
            "Tanh maps to -1 to 1, and inputs near 0 to values near 0.",
            Functions(("tanh", "logistic sigmoid")),
        ),
        Figure(
            "figure-5",
            "ReLU v/s logistic sigmoid",
            "ReLU sets all negative values to 0.",
            Functions(("ReLU", "logistic sigmoid")),
        ),
        Figure(
            "figure-6",
            "Model of the discriminator",
            "A table of layers with their numbers of parameters. The text says 3x3 kernels; the numbers need 5x5.",
            Layers("keras-dcgan", 64, ("discriminator",), paper=DISCRIMINATOR),
        ),
        Figure(
            "figure-7",
            "ReLU v/s leaky ReLU",
            "The “leak” helps against dead units, which give 0 for any input.",
            Functions(("ReLU", "leaky ReLU")),
        ),
        Figure(
            "figure-8",
            "Original image before and after a convolution with ReLU",
            "Activation maps of the discriminator show what its kernels respond to.",
            ActivationMaps("expressionism-plain"),
        ),
        Figure(
            "figure-9",
            "The original image and the image after reducing dimensionalities",
            "Each picture is reduced from 162,240 values on average to 4,864.",
            Reduction("expressionism-plain"),
        ),
        Figure(
            "figure-10",
            "Resulting images from the Van Gogh dataset",
            "After 175 epochs, the pictures look “very pixelated” and have “shadow acne”.",
            Samples(("van-gogh-plain",)),
        ),
        Figure(
            "figure-10-losses",
            "Losses over 175 epochs of 44 batch iterations",
            "From iteration 1,500 on, the generator's loss stays between 4 and 2, since D reached its optimum first.",
            Losses(("van-gogh-plain",)),
        ),
        Figure(
            "figure-11",
            "Resulting images from the Van Gogh dataset using horizontal flip",
            "The pictures do not “show a big improvement”. The caption of this figure says 12, the text 11.",
            Samples(("van-gogh-flip",)),
        ),
        Figure(
            "figure-12",
            "Losses using data augmentation",
            "In some iterations, the generator has “a loss smaller than 2”.",
            Losses(("van-gogh-flip",)),
        ),
        Figure(
            "figure-13",
            "Resulting images based on the expressionism movement",
            "They “look very good in comparison with the Van Gogh ones”.",
            Samples(("expressionism-plain",)),
        ),
        Figure(
            "figure-14",
            "Comparison between original v/s generated",
            "The colours tend to “ochres and browns as the ones used by expressionist artists”.",
            OriginalAndGenerated("expressionism-plain"),
        ),
        Figure(
            "figure-15",
            "Losses over 175 epochs of 55 batch iterations using the expressionism dataset",
            "The generator's loss “decreases up to 2 in almost all iterations”.",
            Losses(("expressionism-plain",)),
        ),
        Figure(
            "figure-16",
            "Resulting images after applying regularization to the model",
            "It “helped to diversify the resulting images and improving the color performance”.",
            Samples(("expressionism-l2",)),
        ),
        Figure(
            "figure-17",
            "Losses using the expressionism dataset and applying regularization",
            "More iterations have a loss smaller than 2 than without regularization.",
            Losses(("expressionism-l2",)),
        ),
        Figure(
            "figure-18",
            "Resulting images from using the portraits dataset",
            "“The person is always in the center of the picture”, some “inside a circle”, without a good face.",
            Samples(("portraits-l2",)),
        ),
        Figure(
            "figure-19",
            "Loss of the DCGAN using discrete values",
            "The discriminator reaches “its optimal point early on”.",
            Losses(("hard-labels",)),
        ),
        Figure(
            "figure-20",
            "Accuracy of the discriminator",
            "With discrete labels, D is right from early on, and “the generator could not learn anymore”.",
            Accuracy(("hard-labels",)),
        ),
        Figure(
            "figure-21",
            "Resulting images from changing the continuous labels to discrete labels",
            "The change “negatively affected” the network.",
            Samples(("hard-labels",)),
        ),
        Figure(
            "figure-22",
            "Accuracy of the discriminator after the manual implementation",
            "At first the discriminator is “very successful”; its accuracy falls as the generator improves.",
            Accuracy(("expressionism-plain",)),
        ),
        Figure(
            "figure-23",
            "Discriminator accuracy v/s discriminator and generator loss",
            "“After the iteration number 4,000 the discriminator stabilized provoking the loss of learning in the "
            "generator.”",
            AccuracyAndLosses("expressionism-plain"),
        ),
    ),
)
