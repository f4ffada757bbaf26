import { expect, test } from 'vitest'
import { type Mark, tableOf } from './support/adapter-table.js'

function column(framework: string, marks: Readonly<Record<string, Mark>>) {
  return { framework, marks: new Map(Object.entries(marks)) }
}

test('the table of adapters has a row for each case and a column for each framework', () => {
  const one = column('One', { 'a › first': '✓', 'b › third': '✗' })
  const two = column('Two', { 'a › first': '✓', 'a › second': '?', 'b › third': '✓' })
  expect(tableOf([one, two], ['✗ three.test.ts could not be run'])).toEqual([
    '  1 One',
    '  2 Two',
    '',
    '            1  2',
    'a',
    '  first     ✓  ✓',
    '  second    –  ?',
    'b',
    '  third     ✗  ✓',
    '',
    '– not offered by this framework, ? not run',
    '✗ three.test.ts could not be run',
    '2 frameworks x 3 cases, failed: 3',
  ])
})
