import { missing, refuse } from '../../src/sdk/index.ts';
import type { Look } from './look.ts';
import { namesFor, type Asked, type Family, type Package } from './params.ts';

type PackageState = {
  installed: boolean;
  /** As it was asked for, where what is installed fits that; null: not installed. */
  version: string | null;
  /** No newer one is known; null: not asked. */
  newest: boolean | null;
};
export type State = {
  manager: string;
  packages: { [name: string]: PackageState };
  /** The lists of the repositories; null: not asked. */
  lists: 'fresh' | 'old' | null;
};

export function familyOf({ family, manager }: Look): Family {
  if (family !== undefined) return family;
  if (manager === 'none')
    throw missing('no package manager is known on this host', 'install what is needed by other means');
  throw refuse(
    `packages of this host are managed by ${manager}, which is not supported`,
    `use command: ${manager} …, with creates`,
  );
}

/** What is asked for on this host. @throws KvmnetError where the map of names leaves its family out */
export function askedFor(p: Package, family: Family): readonly Asked[] {
  if (p.name !== undefined && !Array.isArray(p.name) && p.name[family] === undefined) {
    throw refuse(
      `no package is named for hosts of the ${family} family`,
      `add them to name: { ${family}: … }; [] for none`,
    );
  }
  return namesFor(p, family);
}

export function readState(look: Look, p: Package): State {
  const family = familyOf(look);
  return {
    manager: look.manager,
    packages: Object.fromEntries(
      askedFor(p, family).map((asked) => [asked.name, packageState(asked, look, p, family)]),
    ),
    lists: p.update_cache ? freshness(look.cacheAge, p) : null,
  };
}

function packageState({ name, version }: Asked, look: Look, p: Package, family: Family): PackageState {
  const found = look.installed[name];
  // What another package provides is there, but cannot be taken away or brought to a version under this name.
  const provided = found?.by !== undefined && (p.state === 'absent' || version !== undefined);
  const newest = p.state === 'latest' ? isNewest(name, look) : null;
  if (found === undefined || provided) return { installed: false, version: null, newest };
  const fits = version !== undefined && versionFits(version, found.version, family);
  return { installed: true, version: fits ? version : found.version, newest };
}

function isNewest(name: string, look: Look): boolean {
  const found = look.installed[name];
  const candidate = look.candidates[name];
  if (found === undefined) return false;
  return found.held || found.by !== undefined || candidate === undefined || candidate === found.version;
}

/** rpm: also without the epoch, and without the release. */
export function versionFits(asked: string, installed: string, family: Family): boolean {
  const forms = family === 'debian' ? [installed] : rpmForms(installed);
  if (!asked.endsWith('*')) return forms.includes(asked);
  return forms.some((form) => form.startsWith(asked.slice(0, -1)));
}

function rpmForms(evr: string): readonly string[] {
  const bare = evr.replace(/^\d+:/, '');
  return [evr, bare, evr.replace(/-[^-]*$/, ''), bare.replace(/-[^-]*$/, '')];
}

const freshness = (age: number | undefined, p: Package): 'fresh' | 'old' =>
  age !== undefined && age <= Math.max(60, p.cache_valid_time) ? 'fresh' : 'old';

export function wantState(p: Package, now: State, look: Look): WantState {
  const asked = askedFor(p, familyOf(look));
  const packages = Object.fromEntries(asked.map((one) => [one.name, wantPackage(one, p, now, look)]));
  const idle = asked.length > 0 && p.state !== 'latest' && asked.every((one) => fulfilled(one, now));
  return { packages, ...(p.update_cache && p.state !== 'absent' && !idle ? { lists: 'fresh' as const } : {}) };
}

type WantState = {
  readonly packages: {
    readonly [name: string]: {
      readonly installed: boolean;
      readonly version?: string | null;
      readonly newest?: boolean;
    };
  };
  readonly lists?: 'fresh';
};

const fulfilled = ({ name, version }: Asked, now: State): boolean =>
  now.packages[name]?.installed === true && (version === undefined || now.packages[name].version === version);

/** By name, so that an undo knows what it takes back; that can be said only of lists that are not read anew first. */
function newestVersion(name: string, now: State, look: Look): { readonly version?: string } {
  const [found, candidate] = [look.installed[name], look.candidates[name]];
  const stays = found?.held === true || found?.by !== undefined;
  return candidate === undefined || stays || now.lists === 'old' ? {} : { version: candidate };
}

function wantPackage(asked: Asked, p: Package, now: State, look: Look): WantState['packages'][string] {
  const { name, version } = asked;
  const found = look.installed[name];
  const changes =
    p.state === 'absent' ? now.packages[name]?.installed === true : version !== undefined && !fulfilled(asked, now);
  if (changes && found?.held === true) {
    throw refuse(`${name} is held at ${found.version}`, `let it go first: command: apt-mark unhold ${name}`);
  }
  if (p.state === 'absent') return { installed: false, version: null };
  if (p.state === 'latest') return { installed: true, newest: true, ...newestVersion(name, now, look) };
  return version === undefined ? { installed: true } : { installed: true, version };
}
