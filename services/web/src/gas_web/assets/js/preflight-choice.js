// Which reference a file was likely made for, by the same rules as the engine's likely.py.

// GRCh38.p14 has the positions of GRCh38.
const unpatched = (assembly) => assembly.split(".", 1)[0];

// Names of the header's contigs that a bundle has in the same length, and in another.
export function lengthsOf(bundle, header) {
  const known = [...header.lengths].filter(([name]) => Object.hasOwn(bundle.contigs, name));
  const has = (agrees) => known.filter(([name, length]) => (bundle.contigs[name] === length) === agrees).map(([name]) => name);
  return { same: has(true), other: has(false) };
}

export const recordsOn = (bundle, contigs) => [...contigs].reduce((sum, [name, count]) => sum + (Object.hasOwn(bundle.contigs, name) ? count : 0), 0);

// The likeliest of the bundles and why, or null if the file was made for none of them.
//   contigs   Map of a contig's name to how many of the records looked at lie on it
export function likely(bundles, header, contigs, assembly) {
  const stated = `${header.reference} ${assembly}`.toLowerCase();
  const [best] = bundles
    .map((bundle) => {
      const { same, other } = lengthsOf(bundle, header);
      const on = recordsOn(bundle, contigs);
      const assembly = unpatched(bundle.assembly).toLowerCase();
      const named = assembly !== "" && stated.includes(assembly);
      return { bundle, same, named, on, fits: same.length >= other.length && (on > 0 || (same.length > 0 && !contigs.size)) };
    })
    .filter(({ fits }) => fits)
    .sort((one, two) => two.same.length - one.same.length || two.named - one.named || two.on - one.on);
  if (!best) return null;
  let why = "records lie on its contigs";
  if (best.named) why = `the header names ${unpatched(best.bundle.assembly)}`;
  if (best.same.length) why = `the header gives ${best.same[0]} its length`;
  return { bundle: best.bundle, why };
}
