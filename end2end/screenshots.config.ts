// Takes screenshots, for script/screenshots.
import { defineConfig } from '@playwright/test';
import stories from './playwright.config.ts';

const ways = stories.projects!.filter(({ name }) => name === 'javascript' || name === 'no-javascript');

export default defineConfig({
  ...stories,
  testDir: 'screenshots',
  reporter: 'line',
  timeout: 300_000,
  fullyParallel: false, // The set-up comes first.
  projects: ways.map(({ name, use }) => ({ name, use: { ...use, actionTimeout: 10_000 } })),
});
