"""Paper 4: "Implementing Creative Adversarial Networks"."""

from ganvas.papers.drawings import Layers, Losses, Moments, RealPictures, Samples
from ganvas.papers.paper import Figure, Length, Paper, Pictures, StandIn, Training

BATCH = 200
# The grids of the paper are 4 x 4. Its failures are shown at moments early in training, so grids are drawn often.
GRID_SIZE, GRIDS = 4, 50

# The paper's own figures, with nothing of ganvas's: Adam with these rates, two generator updates for one of the
# discriminator, no normalisation, and both losses as printed.
GOOD = {
    "batch_size": BATCH,
    "g_lr": 1e-3,
    "d_lr": 1e-4,
    "d_steps": 1,
    "g_steps": 2,
    "output_map": "picture",
    "normalisation": "none",
    "g_loss": "saturating",
    "class_loss": "true-class",
    "r1": 0.0,
}
# "The discriminator loss quickly converged to zero" before G was updated twice and had the larger rate.
STRONG_DISCRIMINATOR = GOOD | {"g_steps": 1, "g_lr": 1e-4}
# "Increasing the training ratio above two resulted in the generation of sparse images."
MORE_GENERATOR_STEPS = GOOD | {"g_steps": 3}
# "We scaled by a scalar the output of the hidden layer to the generator's sigmoid function."
SCALED_OUTPUT = GOOD | {"output_map": "scaled"}
# The first tries came before the ratio and the rates were tuned.
FIRST_TRIES = Length.of_steps(1331, BATCH, "not stated; a tenth of its last training", is_stated=False)

PAPER = Paper(
    number=4,
    title="Implementing Creative Adversarial Networks",
    authors="Daniel Ahn, Kevin Lee, Dawei Huang",
    pictures=(
        Pictures(
            key="genres",
            title="Seven genres",
            paper="18,458 pictures of WikiArt in 7 genres, resized to 64 x 64",
            count=18458,
            size=64,
            stand_in=StandIn(
                "painter:960",
                size=32,
                label="composition",
                where="composition in ['blocks', 'single', 'bouquet', 'sea', 'hills', 'frontal', 'profile']",
            ),
            classes=7,
            like=("cubism", "early renaissance", "fauvism", "pointillism", "pop art", "realism", "ukiyo-e"),
            columns=("style", "genre"),
            fit="squash",
        ),
    ),
    experiments=(
        Training(
            "can",
            "CAN",
            "genres",
            "can",
            Length.of_steps(13310, BATCH),
            "fails",
            "“tenable results”, but mode collapse: in a grid, “each image is almost identical to the others”",
            GOOD,
            GRIDS,
            GRID_SIZE,
        ),
        Training(
            "can-ganvas",
            "CAN with the defaults of ganvas",
            "genres",
            "can",
            Length.of_steps(13310, BATCH, "as long as the paper's CAN, with other options", is_stated=False),
            grids=GRIDS,
            grid_size=GRID_SIZE,
        ),
        Training(
            "plateau",
            "CAN with 1 generator update and equal rates",
            "genres",
            "can",
            Length.of_steps(31000, BATCH),
            "fails",
            "“the network plateaus, from iteration 4900 to 31000 there are extremely few changes”",
            STRONG_DISCRIMINATOR,
            GRIDS,
            GRID_SIZE,
        ),
        Training(
            "sparse",
            "CAN with 3 generator updates",
            "genres",
            "can",
            Length.of_steps(7700, BATCH),
            "fails",
            "“the network learns to generate only sparse images”",
            MORE_GENERATOR_STEPS,
            GRIDS,
            GRID_SIZE,
        ),
        Training(
            "saturated",
            "CAN with a scalar in place of the map",
            "genres",
            "can",
            Length.of_steps(3460, BATCH),
            "fails",
            "“over-saturated, characterized by black surroundings with a small circular impulse”",
            SCALED_OUTPUT,
            GRIDS,
            GRID_SIZE,
        ),
        Training(
            "mlp",
            "Two-layer networks",
            "genres",
            "mlp",
            FIRST_TRIES,
            "fails",
            "“ineffective”: two dense layers “lacked the capacity”, and the generator could always fool them",
            {"batch_size": BATCH},
            grid_size=GRID_SIZE,
        ),
        Training(
            "cnn-against-mlp",
            "Convolutional D against a two-layer G",
            "genres",
            "can",
            FIRST_TRIES,
            "fails",
            "“images that seemingly consisted of noise”",
            GOOD | {"generator": "mlp", "g_steps": 1},
            grid_size=GRID_SIZE,
        ),
    ),
    figures=(
        Figure(
            "data",
            "The art dataset",
            "The paper has no picture of its data: 18,458 pictures in seven genres.",
            RealPictures(("genres",)),
        ),
        Figure(
            "figure-1",
            "Good generated images",
            "Grids of 4 x 4 with the map to [-4, 4], a ratio of 1 : 2 and tuned rates, “selected for display”. Next to "
            "the paper's figures, the defaults of ganvas, which docs/recipes.md explains.",
            Samples(("can", "can-ganvas"), side=GRID_SIZE),
        ),
        Figure(
            "figure-2",
            "A network that plateaus, at iteration 0, 300, 4,900 and 31,000",
            "“From iteration 4900 to 31000 there are extremely few changes in the generated image”; D's loss “quickly "
            "converged to zero”.",
            Moments("plateau", (0, 300, 4900, 31000), 31000, "iteration"),
        ),
        Figure(
            "figure-3",
            "A network that learns sparse images, at iteration 0, 300, 1,800 and 7,700",
            "“Increasing the training ratio above two resulted in the generation of sparse images.”",
            Moments("sparse", (0, 300, 1800, 7700), 7700, "iteration"),
        ),
        Figure(
            "figure-4",
            "A scalar in place of the map, at iteration 0, 10, 2,000 and 3,460",
            "The output is “over-saturated, characterized by black surroundings with a small circular impulse”.",
            Moments("saturated", (0, 10, 2000, 3460), 3460, "iteration"),
        ),
        Figure(
            "losses",
            "Losses of the good network and of the plateau",
            "The paper describes them: where the network plateaus, D's loss “quickly converged to zero”.",
            Losses(("can", "plateau")),
        ),
        Figure(
            "first-try",
            "Two-layer networks",
            "The naive networks were “ineffective”: D's loss was high, and G “always able to fool the discriminator”.",
            Samples(("mlp",), side=GRID_SIZE),
        ),
        Figure(
            "second-try",
            "A convolutional discriminator against a two-layer generator",
            "The generator “no longer had the ability to fool the discriminator”; its images looked like noise.",
            Samples(("cnn-against-mlp",), side=GRID_SIZE),
        ),
        Figure(
            "architecture",
            "GAN architecture",
            "Three convolutions in each network, and two heads on D: the genre, and real or generated.",
            Layers("can", 64, classes=7),
        ),
    ),
)
