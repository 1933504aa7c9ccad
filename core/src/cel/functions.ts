/** Functions of ours that the CEL library has too, in another way: UTF-16 units, local time, no bounds, backtracking. */
export const replacedNames: ReadonlySet<string> = new Set(
  (
    'bytes double duration getDate getDayOfMonth getDayOfWeek getDayOfYear getFullYear getHours getMilliseconds getMinutes ' +
    'getMonth getSeconds indexOf int join lastIndexOf lowerAscii matches split string substring timestamp trim uint upperAscii'
  ).split(' '),
);

/** Every function and macro that there is, and no other: docs/reference/cel.md lists the same. */
export const functionNames: ReadonlySet<string> = new Set([
  ...replacedNames,
  ...(
    'all bind bool contains dyn endsWith exists exists_one existsOne filter has hasValue map none of ofNonZeroValue optFlatMap ' +
    'optMap or orValue size startsWith transformList transformMap transformMapEntry type value ' +
    // strings, lists
    'charAt format quote replace reverse distinct flatten includes isSorted max min range slice sort sum ' +
    // regular expressions, URLs
    'find findAll getEscapedPath getHost getHostname getPort getQuery getScheme isURL url ' +
    // quantities
    'add asApproximateFloat asInteger compareTo isGreaterThan isInteger isLessThan isQuantity quantity sign sub ' +
    // addresses
    'cidr containsCIDR containsIP family ip isCIDR isCanonical isGlobalUnicast isIP isLinkLocalMulticast ' +
    'isLinkLocalUnicast isLoopback isUnspecified masked prefixLength ' +
    // named formats
    'byte date datetime dns1035Label dns1035LabelPrefix dns1123Label dns1123LabelPrefix dns1123Subdomain ' +
    'dns1123SubdomainPrefix labelValue named qualifiedName uri uuid validate ' +
    // versions, sets, numbers, base64
    'isSemver major minor patch semver equivalent intersects greatest least decode encode'
  ).split(' '),
]);
