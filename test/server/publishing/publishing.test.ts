import { openTestSqlite } from '../../support/server-store.ts';
import { tellPublishingStory } from './publishing-story.ts';

tellPublishingStory('SQLite', openTestSqlite);
