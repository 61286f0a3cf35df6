/**
 * What sets times to the nanosecond: a few lines for an interpreter that the system has. Perl is a
 * part of every Debian, Python of every Red Hat.
 *
 * Each reads records that end with a zero byte. `D` and a path: the folder that what follows lies
 * in, relative to the one that is open as 3. `T` and seconds, nanoseconds (of the last access), the
 * same (of the last change) and a name. It enters folders as `HeldFolders` does: step by step,
 * never through a link. For each `T` that fails it prints its number and that of the error.
 */
export interface TimesProgram {
  readonly command: string;
  readonly args: readonly string[];
}

/** `utimensat`, by the architecture as Node calls it; Perl has no name for it. */
const callNumbers: Readonly<Record<string, number>> = {
  x64: 280,
  arm64: 88,
  riscv64: 88,
  loong64: 88,
  ppc64: 304,
  s390x: 315,
};

const perlText = `
use strict; use Fcntl;
my $call = shift; my ($index, $entered) = (-1, 1);
open(my $root, "<&=", 3) or exit 2;
$/ = "\\0"; binmode STDIN;
sub enter {
  chdir($root) or return 0;
  for my $name (split m{/}, shift) {
    sysopen(my $step, $name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | 010000000) or return 0;
    chdir($step) or return 0;
  }
  return 1;
}
while (defined(my $record = <STDIN>)) {
  chomp $record;
  if ($record =~ s/^D//) { $entered = enter($record) ? 0 : $! + 0; next }
  $index++;
  if ($entered) { print "$index $entered\\n"; next }
  my (@times, $name);
  ($times[0], $times[1], $times[2], $times[3], $name) = split / /, substr($record, 1), 5;
  next if syscall($call, -100, $name, pack("q4", @times), 0x100) == 0;
  print $index, " ", $! + 0, "\\n";
}
`;

const pythonText = `
import os, sys
def enter(path):
    here = os.dup(3)
    for name in filter(None, path.split(b"/")):
        before = here
        try:
            here = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_PATH, dir_fd=before)
        finally:
            os.close(before)
    return here
index, here, wrong = -1, os.dup(3), 0
for record in sys.stdin.buffer.read().split(b"\\0"):
    try:
        if record[:1] == b"D":
            wrong = 0
            opened = enter(record[1:])
            os.close(here)
            here = opened
        elif record[:1] == b"T":
            index += 1
            if wrong:
                print(index, wrong)
                continue
            a, b, c, d, name = record[1:].split(b" ", 4)
            times = (int(a) * 10**9 + int(b), int(c) * 10**9 + int(d))
            os.utime(name, ns=times, dir_fd=here, follow_symlinks=False)
    except OSError as error:
        if record[:1] == b"D":
            wrong = error.errno
        else:
            print(index, error.errno)
`;

/** The fastest first. */
export function timesPrograms(architecture: string): readonly TimesProgram[] {
  const callNumber = callNumbers[architecture];
  const python = { command: "python3", args: ["-I", "-S", "-c", pythonText] };
  return callNumber === undefined
    ? [python]
    : [{ command: "perl", args: ["-e", perlText, String(callNumber)] }, python];
}
