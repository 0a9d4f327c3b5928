// Runs a generator: a list of operations over arrays of numbers, one picture at a time, in plain JavaScript.
//
// A tensor is {shape, data}, its data row by row in a Float32Array. `ganvas.sharing.formats.web` writes the list.
"use strict";

class Engine {
  // model: {tensors: {name: {shape, data}}, steps: [{op, inputs, output, shape, ...}], result}
  constructor(model) {
    this.model = model;
  }

  // inputs: {latents, classes, truncation}, arrays of numbers -> the tensor [1, 3, S, S] in [-1, 1].
  run(inputs) {
    const values = {};
    for (const [name, data] of Object.entries(inputs)) values[name] = { shape: [1, data.length], data };
    values.truncation.shape = [1];
    const { tensors, steps, result } = this.model;
    const find = (name) => (typeof name === "number" ? name : (values[name] ?? tensors[name]));
    for (const step of steps) {
      values[step.output] = { shape: step.shape, data: OPERATIONS[step.op](step.inputs.map(find), step) };
    }
    return values[result];
  }

  // The pixels as bytes, red, green, blue and opacity, row by row. The array rounds as torch does, and clamps.
  paint(inputs) {
    const { shape, data } = this.run(inputs);
    const area = shape[2] * shape[3], pixels = new Uint8ClampedArray(4 * area).fill(255);
    for (let channel = 0; channel < 3; channel++)
      for (let place = 0; place < area; place++)
        pixels[4 * place + channel] = (data[channel * area + place] + 1) * 127.5;
    return pixels;
  }
}

const sizeOf = (shape) => shape.reduce((product, side) => product * side, 1);

// The distance in memory of neighbours along each axis; 0 along axes that are repeated to fit a larger shape.
function strides(shape, wanted = shape) {
  const result = new Array(wanted.length).fill(0);
  let step = 1;
  for (let axis = shape.length - 1, to = wanted.length - 1; axis >= 0; axis--, to--) {
    if (shape[axis] !== 1) result[to] = step;
    step *= shape[axis];
  }
  return result;
}

// Calls visit(place in the result, places in the sources) for every place of a shape.
function everywhere(shape, steps, visit) {
  const count = sizeOf(shape), at = new Array(shape.length).fill(0), places = steps.map(() => 0);
  for (let place = 0; place < count; place++) {
    visit(place, places);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at[axis]++;
      for (let source = 0; source < steps.length; source++) places[source] += steps[source][axis];
      if (at[axis] < shape[axis]) break;
      for (let source = 0; source < steps.length; source++) places[source] -= steps[source][axis] * shape[axis];
      at[axis] = 0;
    }
  }
}

const unary = (compute) => ([x], step) => x.data.map((value) => compute(value, step));

function binary(compute) {
  return ([a, b], step) => {
    const [x, y] = [a, b].map((each) => (typeof each === "number" ? { shape: [], data: [each] } : each));
    const result = new Float32Array(sizeOf(step.shape));
    const steps = [strides(x.shape, step.shape), strides(y.shape, step.shape)];
    everywhere(step.shape, steps, (place, [i, j]) => (result[place] = compute(x.data[i], y.data[j])));
    return result;
  };
}

// A copy whose places are read with other strides.
function gathered(x, shape, steps, offset = 0) {
  const result = new Float32Array(sizeOf(shape));
  everywhere(shape, [steps], (place, [from]) => (result[place] = x.data[offset + from]));
  return result;
}

function reduce(x, axes, start, combine) {
  const kept = x.shape.map((side, axis) => (axes.includes(axis) ? 1 : side));
  const result = new Float32Array(sizeOf(kept)).fill(start);
  everywhere(x.shape, [strides(kept, x.shape)], (place, [to]) => (result[to] = combine(result[to], x.data[place])));
  return result;
}

// c [m, n] = a [m, k] times b [k, n], in blocks of 4x4 that a processor can hold in its registers.
function product(a, b, m, k, n) {
  const c = new Float32Array(m * n);
  const wholeRows = m - (m % 4), wholeColumns = n - (n % 4);
  for (let j = 0; j < wholeColumns; j += 4) {
    for (let i = 0; i < wholeRows; i += 4) {
      let c00 = 0, c01 = 0, c02 = 0, c03 = 0, c10 = 0, c11 = 0, c12 = 0, c13 = 0;
      let c20 = 0, c21 = 0, c22 = 0, c23 = 0, c30 = 0, c31 = 0, c32 = 0, c33 = 0;
      const first = i * k, second = first + k, third = second + k, fourth = third + k;
      for (let step = 0, at = j; step < k; step++, at += n) {
        const b0 = b[at], b1 = b[at + 1], b2 = b[at + 2], b3 = b[at + 3];
        let value = a[first + step];
        c00 += value * b0; c01 += value * b1; c02 += value * b2; c03 += value * b3;
        value = a[second + step];
        c10 += value * b0; c11 += value * b1; c12 += value * b2; c13 += value * b3;
        value = a[third + step];
        c20 += value * b0; c21 += value * b1; c22 += value * b2; c23 += value * b3;
        value = a[fourth + step];
        c30 += value * b0; c31 += value * b1; c32 += value * b2; c33 += value * b3;
      }
      let to = i * n + j;
      c[to] = c00; c[to + 1] = c01; c[to + 2] = c02; c[to + 3] = c03; to += n;
      c[to] = c10; c[to + 1] = c11; c[to + 2] = c12; c[to + 3] = c13; to += n;
      c[to] = c20; c[to + 1] = c21; c[to + 2] = c22; c[to + 3] = c23; to += n;
      c[to] = c30; c[to + 1] = c31; c[to + 2] = c32; c[to + 3] = c33;
    }
  }
  const single = (i, j) => {
    let sum = 0;
    for (let step = 0; step < k; step++) sum += a[i * k + step] * b[step * n + j];
    c[i * n + j] = sum;
  };
  for (let i = wholeRows; i < m; i++) for (let j = 0; j < n; j++) single(i, j);
  for (let i = 0; i < wholeRows; i++) for (let j = wholeColumns; j < n; j++) single(i, j);
  return c;
}

// Windows of a map [channels, height, width] as columns: calls visit(row of a column matrix, column, place in the map).
function windows({ channels, height, width, down, across, kernel, stride, padding }, visit) {
  for (let channel = 0, row = 0; channel < channels; channel++)
    for (let ky = 0; ky < kernel[0]; ky++)
      for (let kx = 0; kx < kernel[1]; kx++, row++)
        for (let y = 0; y < down; y++) {
          const top = y * stride[0] - padding[0] + ky;
          if (top < 0 || top >= height) continue;
          for (let x = 0; x < across; x++) {
            const left = x * stride[1] - padding[1] + kx;
            if (left >= 0 && left < width) visit(row, y * across + x, (channel * height + top) * width + left);
          }
        }
}

function addBias(maps, bias, area) {
  if (bias) for (let place = 0; place < maps.length; place++) maps[place] += bias.data[Math.floor(place / area)];
  return maps;
}

// weight [C_out k k, C_in]; a matrix product, whose columns are then laid over one another.
function transposedConvolution([x, weight, bias], step) {
  const [, channels, height, width] = step.shape, [, fanIn, down, across] = x.shape, columns = down * across;
  const laid = product(weight.data, x.data, weight.shape[0], fanIn, columns);
  const result = new Float32Array(channels * height * width);
  windows({ channels, height, width, down, across, ...step }, (row, column, place) => {
    result[place] += laid[row * columns + column];
  });
  return addBias(result, bias, height * width);
}

// weight [C_out, C_in k k].
function convolution([x, weight, bias], step) {
  const [, channels, down, across] = step.shape, [, fanIn, height, width] = x.shape, columns = down * across;
  const cut = new Float32Array(weight.shape[1] * columns);
  windows({ channels: fanIn, height, width, down, across, ...step }, (row, column, place) => {
    cut[row * columns + column] = x.data[place];
  });
  return addBias(product(weight.data, cut, channels, weight.shape[1], columns), bias, columns);
}

// weight [out, in], x [1, in].
function dense([x, weight, bias]) {
  const [rows, length] = weight.shape, result = new Float32Array(rows), { data } = weight;
  for (let row = 0, at = 0; row < rows; row++) {
    let sum = bias ? bias.data[row] : 0;
    for (let place = 0; place < length; place++, at++) sum += data[at] * x.data[place];
    result[row] = sum;
  }
  return result;
}

// The standard normal distribution function, to 1e-7 (Abramowitz and Stegun 1964, 7.1.26, with a series near 0).
function normalShare(value) {
  const x = Math.abs(value) / Math.SQRT2;
  let erf;
  if (x < 2.5) {
    let term = x, sum = x;
    for (let n = 1; n < 60; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    erf = (2 / Math.sqrt(Math.PI)) * sum;
  } else {
    let fraction = 0;
    for (let n = 30; n > 0; n--) fraction = n / 2 / (x + fraction);
    erf = 1 - Math.exp(-x * x) / ((x + fraction) * Math.sqrt(Math.PI));
  }
  return value < 0 ? (1 - erf) / 2 : (1 + erf) / 2;
}

const OPERATIONS = {
  reshape: ([x]) => x.data,
  multiply: binary((a, b) => a * b),
  add: binary((a, b) => a + b),
  subtract: binary((a, b) => a - b),
  divide: binary((a, b) => a / b),
  greater: binary((a, b) => (a > b ? 1 : 0)),
  relu: unary((value) => (value > 0 ? value : 0)),
  leaky_relu: unary((value, step) => (value > 0 ? value : value * step.slope)),
  root: unary((value) => Math.sqrt(value)),
  tanh: unary((value) => Math.tanh(value)),
  sigmoid: unary((value) => 1 / (1 + Math.exp(-value))),
  clamp: unary((value, step) => Math.min(Math.max(value, step.low ?? -Infinity), step.high ?? Infinity)),
  normal_share: unary((value) => normalShare(value)),
  dense,
  convolution,
  transposed_convolution: transposedConvolution,
  // Batch normalisation with fixed statistics: a factor and a summand for each channel.
  affine([x, factor, summand], step) {
    const area = sizeOf(step.shape.slice(2)), result = new Float32Array(x.data.length);
    for (let channel = 0, at = 0; channel < factor.data.length; channel++) {
      const by = factor.data[channel], plus = summand.data[channel];
      for (let place = 0; place < area; place++, at++) result[at] = x.data[at] * by + plus;
    }
    return result;
  },
  permute([x], step) {
    const own = strides(x.shape);
    return gathered(x, step.shape, step.axes.map((axis) => own[axis]));
  },
  slice([x], step) {
    const own = strides(x.shape);
    return gathered(x, step.shape, own, step.start * own[step.axis]);
  },
  expand: ([x], step) => gathered(x, step.shape, strides(x.shape, step.shape)),
  join(parts, step) {
    const result = new Float32Array(sizeOf(step.shape)), own = strides(step.shape);
    let offset = 0;
    for (const part of parts) {
      everywhere(part.shape, [own.map((each, axis) => (part.shape[axis] === 1 ? 0 : each))], (place, [to]) => {
        result[offset + to] = part.data[place];
      });
      offset += part.shape[step.axis] * (own[step.axis] || 1);
    }
    return result;
  },
  // The mean of the part of a map that falls on each place of a smaller one.
  pool([x], step) {
    const [, channels, rows, columns] = step.shape, [, , height, width] = x.shape;
    const result = new Float32Array(channels * rows * columns);
    const range = (place, count, side) => [Math.floor((place * side) / count), Math.ceil(((place + 1) * side) / count)];
    for (let channel = 0, to = 0; channel < channels; channel++)
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++, to++) {
          const [top, bottom] = range(row, rows, height), [left, right] = range(column, columns, width);
          let sum = 0;
          for (let y = top; y < bottom; y++)
            for (let place = left; place < right; place++) sum += x.data[(channel * height + y) * width + place];
          result[to] = sum / ((bottom - top) * (right - left));
        }
    return result;
  },
  enlarge([x], step) {
    const [, channels, height, width] = step.shape, [, , rows, columns] = x.shape;
    const result = new Float32Array(channels * height * width);
    for (let channel = 0, to = 0; channel < channels; channel++)
      for (let y = 0; y < height; y++) {
        const from = (channel * rows + Math.floor((y * rows) / height)) * columns;
        for (let place = 0; place < width; place++, to++) result[to] = x.data[from + Math.floor((place * columns) / width)];
      }
    return result;
  },
  // Enlarged smoothly: each place is between the centres of four places of the smaller map.
  blend([x], step) {
    const [, channels, height, width] = step.shape, [, , rows, columns] = x.shape;
    const result = new Float32Array(channels * height * width);
    const between = (place, count, side) => {
      const at = Math.max(0, ((place + 0.5) * side) / count - 0.5), first = Math.floor(at);
      return [first, Math.min(first + 1, side - 1), at - first];
    };
    for (let channel = 0, to = 0; channel < channels; channel++)
      for (let y = 0; y < height; y++) {
        const [upper, lower, down] = between(y, height, rows);
        const [above, below] = [upper, lower].map((row) => (channel * rows + row) * columns);
        for (let place = 0; place < width; place++, to++) {
          const [left, right, across] = between(place, width, columns);
          const top = x.data[above + left] * (1 - across) + x.data[above + right] * across;
          const bottom = x.data[below + left] * (1 - across) + x.data[below + right] * across;
          result[to] = top * (1 - down) + bottom * down;
        }
      }
    return result;
  },
  sum: ([x], step) => reduce(x, step.axes, 0, (a, b) => a + b),
  least: ([x], step) => reduce(x, step.axes, Infinity, Math.min),
  greatest: ([x], step) => reduce(x, step.axes, -Infinity, Math.max),
  // One entry along the first axis; its number is a tensor of one value.
  pick([x, number]) {
    const length = x.data.length / x.shape[0];
    return x.data.slice(number.data[0] * length, (number.data[0] + 1) * length);
  },
};

// Numbers from base64: little-endian, of 2 bytes (IEEE half precision) or 4 bytes each.
function decoded(text, isHalf) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  if (!isHalf) return new Float32Array(bytes.buffer);
  const halves = new Uint16Array(bytes.buffer), result = new Float32Array(halves.length);
  const bits = new Uint32Array(result.buffer);
  for (let place = 0; place < halves.length; place++) {
    const half = halves[place], exponent = (half >> 10) & 31, fraction = half & 1023, sign = (half & 0x8000) << 16;
    if (exponent === 0) result[place] = (half & 0x8000 ? -1 : 1) * fraction * 2 ** -24;
    else bits[place] = sign | ((exponent === 31 ? 255 : exponent + 112) << 23) | (fraction << 13);
  }
  return result;
}

function opened(model) {
  const tensors = Object.entries(model.tensors).map(([name, { shape, half, base64 }]) => {
    return [name, { shape, data: decoded(base64, half) }];
  });
  return { ...model, tensors: Object.fromEntries(tensors) };
}
