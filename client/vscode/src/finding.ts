/** Finding the command `recall`. Knows nothing of VS Code. */

import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";

export interface Surroundings {
  /** What the person set as the command; empty where nothing. */
  readonly setting: string;
  /** The folders that are open. */
  readonly folders: readonly string[];
  /** The environment's PATH. */
  readonly path: string;
  readonly home: string;
}

const NAME = "recall";
const FOLDER = "${workspaceFolder}";

/** The command to run, or nothing where there is none; `runs` says whether a file can be executed. */
export async function findCommand(
  around: Surroundings,
  runs: (file: string) => Promise<boolean> = isExecutable,
): Promise<string | undefined> {
  for (const file of candidates(around)) {
    if (await runs(file)) return file;
  }
  return undefined;
}

/** What to say where no command was found. */
export function howToGetIt(around: Surroundings): string {
  return around.setting
    ? `The command that “recalld.command” names does not exist or cannot be run: ${around.setting}`
    : "The command “recall” was not found on the PATH, nor in a virtual environment of this workspace. " +
        "Install recalld, or say where it is in the setting “recalld.command”.";
}

/** The files to try, in order. What was set is meant: nothing else is tried then. */
function candidates({ setting, folders, path, home }: Surroundings): string[] {
  const set = setting.trim();
  if (set) {
    const file = set.replace(/^~(?=\/)/, () => home);
    if (file.startsWith(FOLDER)) return folders.map((folder) => folder + file.slice(FOLDER.length));
    return isAbsolute(file) ? [file] : onPath(path, file);
  }
  return [
    ...onPath(path, NAME),
    ...folders.flatMap((folder) => [".venv", "venv"].map((each) => join(folder, each, "bin", NAME))),
    join(home, ".venvs", "recalld", "bin", NAME),
    join(home, ".local", "bin", NAME),
  ];
}

/** A relative folder on the PATH would mean something else in each workspace, and is left out. */
function onPath(path: string, name: string): string[] {
  return path
    .split(delimiter)
    .filter(isAbsolute)
    .map((folder) => join(folder, name));
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
