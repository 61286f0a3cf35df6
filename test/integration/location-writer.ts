/** Puts packs of 40 MB, one after another, until it is killed. */
import { openFileLocation } from "../../src/platform/locations/index.ts";
import { never, sample } from "../conformance/location-scene.ts";

const location = openFileLocation({ folder: process.argv[2] ?? "" });
for (let number = 1; ; number += 1) {
  const { file, bytes } = sample("pack", number, 40_000_000);
  await location.put(file, [bytes], never);
}
