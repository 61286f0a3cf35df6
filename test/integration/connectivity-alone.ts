/** Runs in a network namespace of its own, without any link: prints what the sensor finds. */
import { realClock } from "../../src/system/index.ts";
import { createConnectivitySensor } from "../../src/targets/tcp/index.ts";
import { checkOf, read } from "../conformance/sensor.ts";

const sensor = createConnectivitySensor({ clock: realClock });
const readings = await read(sensor, { parameters: { references: [] } });
process.stdout.write(JSON.stringify(checkOf(readings)));
