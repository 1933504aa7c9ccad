import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';

export interface RotatedFile {
  path: string;
  /** Of its last change. */
  changedNs: bigint;
}

/** Narrow enough that another log beside this one, `audit-other.log`, is not taken for its past. */
const backupTime = /^-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}$/;
const rotationSuffix = /^[.-]\d[\d.-]*$/;

/**
 * What a log was rotated to, the oldest first: `audit-2026-05-04T10-11-12.345.log` as the API server itself does it,
 * `audit.log.1` or `audit.log-20260504` as logrotate does. Compressed ones are not read.
 */
export async function rotatedFiles(log: string): Promise<RotatedFile[]> {
  const folder = dirname(log);
  const name = basename(log);
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  const names = (await readdir(folder)).filter((each) => {
    const isByApiServer = each.startsWith(stem) && each.endsWith(extension);
    const [suffix, backup] = [each.slice(name.length), each.slice(stem.length, each.length - extension.length)];
    return (isByApiServer && backupTime.test(backup)) || (each.startsWith(name) && rotationSuffix.test(suffix));
  });
  const found = await Promise.all(
    names.map(async (each) => {
      const path = join(folder, each);
      const stats = await stat(path, { bigint: true }).catch(() => undefined); // Removed by now.
      return stats?.isFile() === true ? [{ path, changedNs: stats.mtimeNs }] : [];
    }),
  );
  return found.flat().sort((a, b) => (a.changedNs < b.changedNs ? -1 : 1));
}
