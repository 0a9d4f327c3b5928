// A PNG file with text chunks (PNG specification, third edition), its pixels stored without compression.
const CRCS = Uint32Array.from({ length: 256 }, (_, value) => {
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function chunk(kind, content) {
  const bytes = new Uint8Array(12 + content.length), view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  bytes.set(new TextEncoder().encode(kind), 4);
  bytes.set(content, 8);
  let crc = 0xffffffff;
  for (let place = 4; place < bytes.length - 4; place++) crc = CRCS[(crc ^ bytes[place]) & 255] ^ (crc >>> 8);
  view.setUint32(bytes.length - 4, ~crc >>> 0);
  return bytes;
}

// International text: keyword, no compression, no language, no translated keyword, UTF-8.
const textChunk = (keyword, text) => chunk("iTXt", new TextEncoder().encode(`${keyword}\0\0\0\0\0${text}`));

// zlib's format (RFC 1950) with blocks that are only stored (RFC 1951, section 3.2.4).
function stored(bytes) {
  const most = 65535, blocks = Math.max(1, Math.ceil(bytes.length / most));
  const result = new Uint8Array(2 + 5 * blocks + bytes.length + 4), view = new DataView(result.buffer);
  result.set([0x78, 0x01]);
  let to = 2, a = 1, b = 0;
  for (let from = 0, block = 0; block < blocks; block++, from += most) {
    const part = bytes.subarray(from, from + most);
    result[to] = block === blocks - 1 ? 1 : 0;
    view.setUint16(to + 1, part.length, true);
    view.setUint16(to + 3, ~part.length & 0xffff, true);
    result.set(part, to + 5);
    to += 5 + part.length;
  }
  for (const value of bytes) {
    a = (a + value) % 65521;
    b = (b + a) % 65521;
  }
  view.setUint32(to, ((b << 16) | a) >>> 0);
  return result;
}

// pixels: red, green, blue and opacity of each place. texts: {keyword: text}.
function pngFile(pixels, side, texts) {
  const header = new Uint8Array(13), view = new DataView(header.buffer);
  view.setUint32(0, side);
  view.setUint32(4, side);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits of red, green and blue
  const rows = new Uint8Array(side * (3 * side + 1));
  for (let y = 0, to = 0; y < side; y++) {
    to++; // no filter
    for (let x = 0; x < side; x++) for (let channel = 0; channel < 3; channel++) rows[to++] = pixels[4 * (y * side + x) + channel];
  }
  const signature = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
  const described = Object.entries(texts).map(([keyword, text]) => textChunk(keyword, text));
  const parts = [signature, chunk("IHDR", header), ...described, chunk("IDAT", stored(rows)), chunk("IEND", new Uint8Array())];
  return new Blob(parts, { type: "image/png" });
}
