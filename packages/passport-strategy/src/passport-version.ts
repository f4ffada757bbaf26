import { createRequire } from 'node:module'

/**
 * Returns a fault where a Passport is installed whose sessions this package was not made for, and none
 * where no Passport is found, as in a bundle.
 */
export function passportFault(
  load: (id: string) => unknown = createRequire(import.meta.url),
): string[] {
  let manifest: unknown
  try {
    manifest = load('passport/package.json')
  } catch {
    return []
  }
  const { version = '' } = Object(manifest)
  if (/^0\.[67]\./.test(version)) return []
  return [`passport ${version} is installed, and 0.6 or 0.7 is needed: npm install passport@0.7`]
}
