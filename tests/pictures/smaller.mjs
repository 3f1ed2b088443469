// Reads a PNG from stdin, and writes it to stdout in few colours: smaller.mjs PACKAGES COLOURS
import { createRequire } from "node:module";
import { readFileSync, writeSync } from "node:fs";

const [packages, colours] = process.argv.slice(2);
const UPNG = createRequire(`${packages}/`)("upng-js");
const picture = UPNG.decode(readFileSync(0));
const pixels = UPNG.toRGBA8(picture)[0];
const made = Buffer.from(UPNG.encode([pixels], picture.width, picture.height, Number(colours)));
for (let at = 0; at < made.length; ) at += writeSync(1, made, at);
