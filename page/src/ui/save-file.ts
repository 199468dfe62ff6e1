/** The time in which the browser reads a file that it saves, in milliseconds. */
const READ_MS = 60_000;

/** Offers a text as a file. It is made in the browser, and sent nowhere. */
export function saveFile(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), READ_MS);
}
