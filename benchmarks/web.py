"""What an exported page costs a visitor: its size, and the time of a picture in this machine's Chromium.

    python -m benchmarks.web SNAPSHOT [--onnxruntime FOLDER] [--pictures 30]

The page is opened from the disk, one picture is painted after the other on one core, and the median is printed. With
`--onnxruntime`, the same generator is also run by onnxruntime-web: FOLDER is `dist` of its npm package. That needs
`ganvas[onnx]`.
"""

import argparse
import base64
import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from ganvas import __version__
from ganvas.machine.device import processor_name
from ganvas.sharing.export import export

BUNDLE, BINARY = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"

# Paints pictures on the page's own thread, as a worker of the page does, and returns milliseconds.
ENGINE = """(pictures) => {
  const engine = new Engine(opened(GANVAS.model));
  const length = GANVAS.latent_dim, table = decoded(GANVAS.latents, false);
  return Array.from({ length: pictures }, (_, seed) => {
    const inputs = { latents: table.slice(seed * length, (seed + 1) * length), truncation: Float32Array.of(1) };
    if (GANVAS.classes.length) inputs.classes = Float32Array.from(GANVAS.classes, (_, number) => Number(number === 0));
    const started = performance.now();
    engine.paint(inputs);
    return performance.now() - started;
  });
}"""

RUNTIME = """async ([pictures, length, classes]) => {
  const text = (id) => atob(document.getElementById(id).textContent);
  const bytes = (id) => Uint8Array.from(text(id), (letter) => letter.charCodeAt(0));
  const ort = await import(URL.createObjectURL(new Blob([bytes("bundle")], { type: "text/javascript" })));
  Object.assign(ort.env.wasm, { numThreads: 1, wasmBinary: bytes("binary").buffer });
  const session = await ort.InferenceSession.create(bytes("model"), { executionProviders: ["wasm"] });
  const times = [];
  for (let picture = 0; picture < pictures; picture++) {
    const latents = Float32Array.from({ length }, () => Math.random() * 2 - 1);
    const tensor = (data, shape) => new ort.Tensor("float32", data, shape);
    const feed = { latents: tensor(latents, [1, length]), truncation: tensor([1], [1]) };
    const first = Float32Array.from({ length: classes }, (_, at) => Number(at === 0));
    if (classes) feed.classes = tensor(first, [1, classes]);
    const started = performance.now();
    await session.run(feed);
    times.push(performance.now() - started);
  }
  return times;
}"""


def main() -> None:
    """Export, open and time both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("snapshot", type=Path)
    parser.add_argument("--onnxruntime", type=Path, metavar="FOLDER")
    parser.add_argument("--pictures", type=int, default=30)
    args = parser.parse_args()
    print(f"{args.snapshot}, ganvas {__version__}, {processor_name()}")
    with tempfile.TemporaryDirectory() as folder, chromium() as page:
        home = Path(folder)
        export(args.snapshot, "web", home / "page")
        page.goto((home / "page" / "index.html").as_uri())
        shape = page.evaluate("[GANVAS.latent_dim, GANVAS.classes.length]")
        _print("JavaScript", _size(home / "page"), page.evaluate(ENGINE, args.pictures))
        if args.onnxruntime:
            harness = _runtime_page(args.snapshot, args.onnxruntime, home)
            page.goto(harness.as_uri())
            _print("onnxruntime-web", _size(harness), page.evaluate(RUNTIME, [args.pictures, *shape]))


@contextlib.contextmanager
def chromium() -> Iterator[Page]:
    """A page of this machine's Chromium."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser.new_page()
        browser.close()


def _runtime_page(snapshot: Path, package: Path, home: Path) -> Path:
    """A page with the generator as ONNX and onnxruntime-web inside."""
    export(snapshot, "onnx", home / "generator.onnx")
    parts = {"bundle": package / BUNDLE, "binary": package / BINARY, "model": home / "generator.onnx"}
    scripts = [
        f'<script type="text/plain" id="{name}">{base64.b64encode(file.read_bytes()).decode("ascii")}</script>'
        for name, file in parts.items()
    ]
    (home / "runtime.html").write_text("\n".join(scripts))
    return home / "runtime.html"


def _size(path: Path) -> int:
    files = [path] if path.is_file() else list(path.iterdir())
    return sum(file.stat().st_size for file in files)


def _print(name: str, size: int, times: list[float]) -> None:
    ordered = sorted(times[2:] or times)  # the first ones are compiled
    print(f"{name:16} {size / 1e6:6.1f} MB  {ordered[len(ordered) // 2]:7.1f} ms a picture")


if __name__ == "__main__":
    main()
