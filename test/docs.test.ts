import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ERROR_TABLE } from '@procore-auth/core'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

test('every error code has an entry with cause and cure, and no entry is left over', () => {
  const entries = [...read('docs/errors.md').matchAll(/^### (ERR_\w+)$/gm)].map(([, code]) => code)
  expect(entries.sort()).toEqual(Object.keys(ERROR_TABLE).sort())
})

test.each(readdirSync(join(root, 'test/snippets')))(
  'the README shows %s as it is compiled',
  (file) => {
    expect(read('README.md')).toContain(`\`\`\`ts\n${read(`test/snippets/${file}`)}\`\`\``)
  },
)

test('every link between the documents leads to a file', () => {
  const pages = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md'].concat(
    readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
  )
  const broken = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:)([^)#]+)/g)]
      .map(([, target = '']) => join(root, page, '..', target))
      .filter((path) => {
        try {
          return readFileSync(path).length === 0
        } catch (error) {
          return !(error instanceof Error && 'code' in error && error.code === 'EISDIR')
        }
      }),
  )
  expect(broken).toEqual([])
})
