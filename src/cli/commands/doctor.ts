/** Is all here that SoulMirror needs? Each line is well, a warning or a failure with its fix. */
import { columns } from "../columns.ts";
import type { Run } from "../command.ts";
import type { DoctorCheck } from "../doctor-check.ts";
import { examineData } from "../examine-data.ts";
import { examineFleet } from "../examine-fleet.ts";
import { examineMachine } from "../examine-machine.ts";
import type { Place } from "../place.ts";
import type { Style } from "../style.ts";

export const doctor: Run = async ({ place, out }) => {
  const dataPath = dataPathOf(place);
  const checks: readonly DoctorCheck[] = [
    ...examineMachine(dataPath ?? process.cwd()),
    ...(dataPath === undefined ? [] : examineData(dataPath)),
    ...(await examineFleet(place)),
  ];
  const failed = checks.filter(({ state }) => state === "fail").length;
  out.show({ well: failed === 0, checks }, (style) => {
    const table = columns(checks.map((check) => row(check, style)));
    const verdict =
      failed === 0
        ? style.paint("green", "Nothing stands in the way.")
        : style.paint("red", `${failed} of ${checks.length} checks failed.`);
    return `${table}\n\n${verdict}`;
  });
  return failed === 0 ? 0 : 1;
};

function row({ name, state, detail, fix }: DoctorCheck, style: Style): readonly string[] {
  const advice = fix === undefined || fix === "" ? "" : style.paint("grey", ` -> ${fix}`);
  return [style.state(state), name, `${detail}${advice}`];
}

/** Without a fleet file nothing says where it is. */
function dataPathOf(place: Place): string | undefined {
  try {
    return place.dataPath;
  } catch {
    // The missing fleet file is one of the checks.
    return undefined;
  }
}
