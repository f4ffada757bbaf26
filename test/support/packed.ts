import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, realpath, rename, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)

/**
 * Packs packages as they are published and unpacks them where a program finds them. What they need of
 * others comes from this workspace, so no registry is asked.
 *
 * @param folder of the program
 * @param names of the packages' folders
 */
export async function installPacked(folder: string, names: readonly string[]): Promise<void> {
  const scope = join(folder, 'node_modules/@procore-auth')
  await mkdir(scope, { recursive: true })
  await pack(folder)
  await linkOthers(folder, root)
  for (const name of names) {
    const [tarball = ''] = (await readdir(folder)).filter((file) =>
      new RegExp(`^procore-auth-${name}-\\d.*\\.tgz$`).test(file),
    )
    await run('tar', ['-xzf', join(folder, tarball), '-C', folder])
    await rename(join(folder, 'package'), join(scope, name))
    await linkOthers(folder, join(root, 'packages', name))
  }
}

async function pack(folder: string): Promise<void> {
  const script = await readFile(join(root, 'scripts/run.js'), 'utf8')
  const pnpm = /'(pnpm@[\d.]+)'/.exec(script)?.[1] ?? 'pnpm'
  const filter = ['-r', '--filter', './packages/*']
  await run('npx', ['--yes', pnpm, ...filter, 'pack', '--pack-destination', folder], { cwd: root })
}

/** Links what a package depends on, is a peer of and is developed with. */
async function linkOthers(folder: string, source: string): Promise<void> {
  const { dependencies, peerDependencies, devDependencies } = JSON.parse(
    await readFile(join(source, 'package.json'), 'utf8'),
  )
  for (const name of Object.keys({ ...dependencies, ...peerDependencies, ...devDependencies })) {
    const target = join(folder, 'node_modules', name)
    if (name.startsWith('@procore-auth/') || existsSync(target)) continue
    await mkdir(dirname(target), { recursive: true })
    await symlink(await realpath(join(source, 'node_modules', name)), target)
  }
}
