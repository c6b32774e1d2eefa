// Messages as little-endian bytes: u16 number, u16 version, f64 time in ms by the sender's clock,
// then the fields in order.
// operators/page_layout.py does the same from the same declarations.

import { MESSAGES } from "./messages.js";

const BY_NAME = new Map(MESSAGES.map((message, number) => [message.name, { ...message, number }]));

const NUMBERS = {
  bool: { size: 1, get: (v, o) => v.getUint8(o) !== 0, set: (v, o, x) => v.setUint8(o, x ? 1 : 0) },
  uint8: { size: 1, get: (v, o) => v.getUint8(o), set: (v, o, x) => v.setUint8(o, x) },
  int32: { size: 4, get: (v, o) => v.getInt32(o, true), set: (v, o, x) => v.setInt32(o, x, true) },
  // Counters and times in ns fit a double to a few ns, which is finer than any browser's clock.
  int64: {
    size: 8,
    get: (v, o) => Number(v.getBigInt64(o, true)),
    set: (v, o, x) => v.setBigInt64(o, BigInt(Math.round(x)), true),
  },
  float64: { size: 8, get: (v, o) => v.getFloat64(o, true), set: (v, o, x) => v.setFloat64(o, x, true) },
};

const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder("utf-8", { fatal: true }) };

const HEAD_SIZE = 12;

export function encode(name, values, timeMs) {
  const message = BY_NAME.get(name);
  if (!message) throw new Error(`no message named ${name}`);
  const parts = message.fields.map((field) => {
    const value = values[field.name];
    if (value === undefined) throw new Error(`${name}.${field.name}: missing`);
    return encodeField(`${name}.${field.name}`, field, value);
  });
  const bytes = new Uint8Array(HEAD_SIZE + parts.reduce((sum, part) => sum + part.length, 0));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, message.number, true);
  view.setUint16(2, message.version, true);
  view.setFloat64(4, timeMs, true);
  let at = HEAD_SIZE;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export function decode(buffer) {
  const view = new DataView(buffer);
  const message = MESSAGES[view.getUint16(0, true)];
  if (!message) throw new Error(`no message number ${view.getUint16(0, true)}`);
  const version = view.getUint16(2, true);
  if (version !== message.version) {
    throw new Error(`${message.name}: expected version ${message.version}, got ${version}: reload`);
  }
  const reader = { view, at: HEAD_SIZE };
  const values = { message: message.name, timeMs: view.getFloat64(4, true) };
  for (const field of message.fields) values[field.name] = decodeField(reader, field);
  return values;
}

function encodeField(where, field, value) {
  if (field.type === "text") return encodeText(value);
  if (field.type === "names") return joined([count(value.length), ...value.map(encodeText)]);
  const type = NUMBERS[field.type];
  if (field.count === undefined) return encodeNumbers(type, [value]);
  if (field.count === "sent") return joined([count(value.length), encodeNumbers(type, value)]);
  if (value.length !== field.count) {
    throw new Error(`${where}: expected ${field.count} numbers, got ${value.length}`);
  }
  return encodeNumbers(type, value);
}

function encodeNumbers(type, values) {
  const bytes = new Uint8Array(values.length * type.size);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) type.set(view, i * type.size, values[i]);
  return bytes;
}

function encodeText(text) {
  const bytes = utf8.encoder.encode(text);
  return joined([count(bytes.length), bytes]);
}

function count(number) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, number, true);
  return bytes;
}

function joined(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function decodeField(reader, field) {
  if (field.type === "text") return decodeText(reader);
  if (field.type === "names") {
    return Array.from({ length: takeCount(reader) }, () => decodeText(reader));
  }
  const type = NUMBERS[field.type];
  if (field.count === undefined) return decodeNumbers(reader, type, 1)[0];
  const length = field.count === "sent" ? takeCount(reader) : field.count;
  if (field.type === "uint8") {
    const bytes = new Uint8Array(reader.view.buffer, reader.view.byteOffset + reader.at, length);
    reader.at += length;
    return bytes;
  }
  return decodeNumbers(reader, type, length);
}

function decodeNumbers(reader, type, length) {
  const values = new Array(length);
  for (let i = 0; i < length; i++) {
    values[i] = type.get(reader.view, reader.at);
    reader.at += type.size;
  }
  return values;
}

function takeCount(reader) {
  const number = reader.view.getUint32(reader.at, true);
  reader.at += 4;
  return number;
}

function decodeText(reader) {
  const length = takeCount(reader);
  const bytes = new Uint8Array(reader.view.buffer, reader.view.byteOffset + reader.at, length);
  reader.at += length;
  return utf8.decoder.decode(bytes);
}
