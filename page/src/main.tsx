import { createRoot } from 'react-dom/client';
import './styles/base.css';
import './styles/controls.css';
import './styles/layout.css';
import './styles/sessions.css';
import './styles/conversation.css';
import './styles/messages.css';
import './styles/components.css';
import './styles/code.css';
import './styles/cards.css';
import './styles/events.css';
import { App } from './ui/app.js';

const element = document.querySelector('#page');
if (element) createRoot(element).render(<App />);
