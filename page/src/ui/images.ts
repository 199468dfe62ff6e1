import type { ImageBlock } from '../../../src/agent-webkit/protocol/events.js';

const TYPES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'] as const;
const MAX_IMAGE_BYTES = 5 * 1024 * 1024;
const MAX_IMAGES = 10;

export const IMAGE_TYPES = TYPES.join(',');

export interface ReadImages {
  images: ImageBlock[];
  problem: string | null;
}

/** Converts image files to blocks of a message, and reports files that are rejected. */
export async function readImages(files: readonly File[], already: number): Promise<ReadImages> {
  const usable = files.filter((file) => isImageType(file.type) && file.size <= MAX_IMAGE_BYTES);
  const taken = usable.slice(0, Math.max(0, MAX_IMAGES - already));
  return {
    images: await Promise.all(taken.map(readImage)),
    problem: findProblem(files, usable, taken),
  };
}

function findProblem(files: readonly File[], usable: File[], taken: File[]): string | null {
  const refused = files.find((file) => !usable.includes(file));
  if (refused && !isImageType(refused.type)) {
    return `${refused.name} is not a PNG, JPEG, GIF or WebP image.`;
  }
  if (refused) return `${refused.name} is larger than 5 MB.`;
  return taken.length < usable.length ? `A message can have at most ${MAX_IMAGES} images.` : null;
}

async function readImage(file: File): Promise<ImageBlock> {
  const url = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve(reader.result as string));
    reader.addEventListener('error', () => reject(reader.error ?? new Error(file.name)));
    reader.readAsDataURL(file);
  });
  const data = url.slice(url.indexOf(',') + 1);
  const type = isImageType(file.type) ? file.type : 'image/png';
  return { type: 'image', source: { type: 'base64', media_type: type, data } };
}

function isImageType(type: string): type is (typeof TYPES)[number] {
  return TYPES.some((known) => known === type);
}
