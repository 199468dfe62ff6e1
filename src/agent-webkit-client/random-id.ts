interface RandomSource {
  randomUUID(): string;
  getRandomValues(bytes: Uint8Array): void;
}

/** Returns a random UUID. Pages that are not served by HTTPS, and React Native, lack `crypto.randomUUID`. */
export function randomId(): string {
  const { crypto } = globalThis as { crypto?: Partial<RandomSource> };
  if (crypto?.randomUUID) return crypto.randomUUID();
  const bytes = Uint8Array.from({ length: 16 }, () => Math.floor(Math.random() * 256));
  crypto?.getRandomValues?.(bytes);
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  // Version 4, variant 8.
  return digits.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5');
}
