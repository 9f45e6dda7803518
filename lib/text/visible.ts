/**
 * Makes text of others harmless on a terminal. Control characters move the cursor, change the title
 * or type answers. Characters that change the direction or have no width make one text look like
 * another. All of them become visible escapes.
 */

/**
 * Controls, formats, separators of lines and paragraphs, lone surrogates and whatever is ignored
 * where it is not known. Line breaks and tabs are layout; variation selectors 15 and 16 only choose
 * between two looks of a sign.
 */
const HIDDEN = /(?![\n\t\ufe0e\ufe0f])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * The text with escapes such as `\u001b` for everything that must not reach a terminal. Inside of
 * JSON the escapes mean the same as the characters. A line break of two characters becomes one.
 */
export const visible = (text: string): string => text.replaceAll('\r\n', '\n').replace(HIDDEN, escaped);

/** The same for what has to stay on one line. */
export const visibleLine = (text: string): string => visible(text).replace(/[\n\t]/g, escaped);

function escaped(character: string): string {
  let out = '';
  for (let at = 0; at < character.length; at++) out += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  return out;
}
