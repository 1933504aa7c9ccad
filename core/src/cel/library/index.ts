import type { CelLibraryOf } from '../library.ts';
import { base64 } from './base64.ts';
import { conversions } from './conversions.ts';
import { lists } from './lists.ts';
import { namedFormats } from './named-formats.ts';
import { network } from './network.ts';
import { quantity } from './quantity.ts';
import { regex } from './regex.ts';
import { semver } from './semver.ts';
import { numbers, sets } from './sets-and-numbers.ts';
import { strings } from './strings.ts';
import { times } from './times.ts';
import { urls } from './urls.ts';

/** What Kubernetes gives its expressions, and is not in the CEL library: one file each. */
export const libraries: readonly CelLibraryOf[] = [
  conversions, times, strings, lists, regex, urls, quantity, network, namedFormats, semver, sets, numbers, base64,
]; // prettier-ignore
