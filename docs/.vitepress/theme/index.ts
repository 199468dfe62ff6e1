// The default theme with the reader's own fonts: the site loads no web font.
export { default } from 'vitepress/theme-without-fonts';
