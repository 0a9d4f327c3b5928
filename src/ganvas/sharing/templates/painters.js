// Paints away from the page, so that it stays responsive: as many workers as there is room for, one job each.
// Where no worker can be started, the page paints by itself between two frames.
class Painters {
  constructor(model, count) {
    this.waiting = [];
    this.times = [];
    this.idle = [];
    const source = `${document.getElementById("engine").textContent}
      let engine;
      onmessage = ({ data }) => {
        if (data.model) { engine = new Engine(opened(data.model)); return; }
        const started = performance.now(), pixels = engine.paint(data);
        postMessage({ pixels, milliseconds: performance.now() - started }, [pixels.buffer]);
      };`;
    try {
      const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
      for (let number = 0; number < count; number++) {
        const worker = new Worker(address);
        worker.postMessage({ model });
        this.idle.push((inputs) => new Promise((done, failed) => {
          worker.onmessage = ({ data }) => done(data);
          worker.onerror = failed;
          worker.postMessage(inputs);
        }));
      }
    } catch {
      let engine;
      this.idle.push(async (inputs) => {
        await new Promise(requestAnimationFrame);
        engine ??= new Engine(opened(model));
        const started = performance.now(), pixels = engine.paint(inputs);
        return { pixels, milliseconds: performance.now() - started };
      });
    }
  }

  // Pixels for the inputs, or null if `isStale()` by the time that it is their turn. Urgent jobs come first.
  paint(inputs, { isUrgent = false, isStale = () => false } = {}) {
    return new Promise((done) => {
      this.waiting[isUrgent ? "unshift" : "push"]({ inputs, isStale, done });
      this.next();
    });
  }

  async next() {
    if (!this.waiting.length || !this.idle.length) return;
    const { inputs, isStale, done } = this.waiting.shift();
    if (isStale()) {
      done(null);
      this.next();
      return;
    }
    const work = this.idle.pop();
    const { pixels, milliseconds } = await work(inputs);
    this.times = [...this.times.slice(-30), milliseconds];
    this.idle.push(work);
    done(pixels);
    this.next();
  }

  // The median time that a picture took lately, in milliseconds.
  get pace() {
    return [...this.times].sort((a, b) => a - b)[this.times.length >> 1];
  }
}
