/** Which attacks a run is asked for. */

/** Those with `only` in the name or the class, whatever the case; throws with all names when there is none. */
export function chooseAttacks<T extends { name: string; class: string }>(
  attacks: readonly T[],
  only: string | undefined,
): readonly T[] {
  const wanted = only?.toLowerCase() ?? '';
  const chosen = attacks.filter((attack) =>
    [attack.name, attack.class].some((text) => text.toLowerCase().includes(wanted)),
  );
  if (chosen.length > 0) return chosen;
  const names = attacks.map((attack) => `  ${attack.class}: ${attack.name}`).join('\n');
  throw new Error(`no attack has "${only}" in its class or name; there are:\n${names}`);
}
