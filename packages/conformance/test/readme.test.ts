import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const read = (path: string): string => readFileSync(join(import.meta.dirname, path), 'utf8')

test('the README shows the adapter for node:http as it is tested', () => {
  const example = read('adapters/node-http.test.ts')
  const published = example.replace("'../../src/index.js'", "'@procore-auth/conformance'")
  expect(read('../README.md')).toContain(`\`\`\`ts\n${published}\`\`\``)
})
