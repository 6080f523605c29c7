// Takes screenshots, for script/screenshots.
import { defineConfig } from '@playwright/test';
import stories from './playwright.config.ts';

export default defineConfig({
  ...stories,
  testDir: 'screenshots',
  reporter: 'line',
  timeout: 600_000,
  projects: [{ name: 'screenshots', use: stories.projects![1].use }],
});
