import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ERROR_TABLE } from '@procore-auth/core'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const pages = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md'].concat(
  readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
)

test('every error code has an entry with cause and cure, and no entry is left over', () => {
  const entries = [...read('docs/errors.md').matchAll(/^### (ERR_\w+)$/gm)].map(([, code]) => code)
  expect(entries.sort()).toEqual(Object.keys(ERROR_TABLE).sort())
})

test.each(readdirSync(join(root, 'test/snippets')))('a page shows %s as it is compiled', (file) => {
  const code = `\`\`\`ts\n${read(`test/snippets/${file}`)}\`\`\``
  expect(pages.filter((page) => read(page).includes(code))).toHaveLength(1)
})

test('every link between the documents leads to a file', () => {
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
