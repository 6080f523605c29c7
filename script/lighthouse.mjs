// Lighthouse's scores of a page on its idea of a phone, from the npm registry. CHROMIUM names the browser.
import { execFile } from 'node:child_process'
import { readFile, rm, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const VERSION = '13.5.0'
const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo']
const ROUNDS = 3

/**
 * By how much a machine with this benchmark index is to be slowed down to be a mid-tier phone. Lighthouse's preset says four times,
 * which is right for one machine only; these are its authors' figures (its CPU throttling calculator).
 */
function slowdown(index) {
  if (index >= 1300) return 3 + (index - 1300) / 233
  if (index >= 800) return 2 + (index - 800) / 500
  return Math.max(1, 1 + (index - 150) / 650)
}

let multiplier

/**
 * Returns the scores from 0 to 100: of several rounds the best, since a busy machine only takes away. So does a browser whose
 * trace is not whole, which fails a round.
 */
export async function lighthouse(url, headers = {}) {
  const best = {}
  let failure
  for (let round = 0; round < ROUNDS; round++) {
    try {
      if (multiplier === undefined) {
        multiplier = slowdown((await report(url, headers, 1)).environment.benchmarkIndex)
        console.log(`==> Lighthouse's phone is ${multiplier.toFixed(1)} times slower than this machine`)
      }
      const { categories } = await report(url, headers, multiplier)
      for (const category of CATEGORIES) {
        best[category] = Math.max(best[category] ?? 0, Math.round(100 * categories[category].score))
      }
    } catch (error) {
      failure = error
    }
  }
  if (Object.keys(best).length === 0) throw failure
  return best
}

async function report(url, headers, slower) {
  const folder = await mkdtemp(join(tmpdir(), 'lighthouse-'))
  const file = join(folder, 'report.json')
  try {
    await promisify(execFile)(
      'npx',
      [
        '--yes', `lighthouse@${VERSION}`, url, '--quiet', '--output=json', `--output-path=${file}`,
        `--throttling.cpuSlowdownMultiplier=${slower}`, `--only-categories=${CATEGORIES}`, `--extra-headers=${JSON.stringify(headers)}`,
        '--chrome-flags=--headless=new --no-sandbox',
      ],
      { env: { ...process.env, CHROME_PATH: process.env.CHROMIUM ?? '/usr/bin/chromium' }, timeout: 180_000 },
    )
    return JSON.parse(await readFile(file, 'utf8'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
