#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The zmqg authors
"""groonga: a site that completes what its users type.  It publishes that for a
learner (this program is between them), which publishes for it all that it has
learnt, over and over, as fast as it can."""

import http.client
import json
import subprocess
import urllib.parse

import software

software.need(['groonga-suggest-create-dataset', 'groonga-suggest-httpd',
               'groonga-suggest-learner'], ['zmq'])
import zmq  # noqa: E402


class Site:
    def __init__(self, port, events, learner):
        self.client = http.client.HTTPConnection('127.0.0.1', port,
                                                 timeout=software.DEADLINE)
        self.events = events
        self.learner = learner
        self.users = 0

    def ask(self, **query):
        self.client.request('GET', '/?' + urllib.parse.urlencode(query))
        return json.loads(self.client.getresponse().read())

    def learn(self, word):
        """One more user typed the word: whether that is what the site tells."""
        self.users += 1
        user = f'user-{self.users}'
        self.ask(i=user, l='query', s=self.users * 1000, q=word, t='submit')
        event = self.events.recv()
        self.learner.send(event)
        return user.encode() in event and word.encode() in event

    def await_subscription(self):
        """What is published before the subscription came is lost."""
        def passes():
            self.ask(i='user-0', l='query', s=1000, q='ready', t='submit')
            return self.events.poll(100)
        software.await_that('an event', passes)
        self.events.recv()

    def complete(self, start):
        """The words that start so, with their scores."""
        answer = self.ask(n='query', t='complete', q=start,
                          frequency_threshold=1)
        _, _, *rows = answer['complete']
        return dict(sorted(rows))

    def await_completed(self, start, words):
        """Waits until they are known: with one point more than users typed
        them."""
        expected = {word: 1 + times for word, times in sorted(words.items())
                    if word.startswith(start)}
        known = None

        def is_known():
            nonlocal known
            known = self.complete(start)
            return known == expected
        try:
            software.await_that(start, is_known)
        finally:
            print(start, known)


def main():
    folder = software.enter_folder()
    for name in ('learner', 'site'):
        subprocess.run(['groonga-suggest-create-dataset', f'{name}.db',
                        'query'], check=True, stdout=subprocess.DEVNULL)
    learner = software.start(['groonga-suggest-learner',
                              '-r', f'ipc://{folder}/in',
                              '-s', f'ipc://{folder}/out', 'learner.db'])
    for name in ('in', 'out'):
        software.await_that(name, (folder / name).exists)
    context = zmq.Context()
    events = context.socket(zmq.SUB)
    events.setsockopt(zmq.SUBSCRIBE, b'')
    events.setsockopt(zmq.RCVTIMEO, software.DEADLINE * 1000)
    events.bind(f'ipc://{folder}/events')
    to_learner = context.socket(zmq.XPUB)
    to_learner.setsockopt(zmq.RCVTIMEO, software.DEADLINE * 1000)
    to_learner.connect(f'ipc://{folder}/in')
    subscription = to_learner.recv()
    server = software.start(['groonga-suggest-httpd', '-p', '0', '-t', '2',
                             '-s', f'ipc://{folder}/events',
                             '-r', f'ipc://{folder}/out', 'site.db'])
    port = software.await_that('the site', lambda:
                               software.listening_port(server.pid))
    site = Site(port, events, to_learner)
    software.print_library(learner.pid)
    software.print_library(server.pid)

    site.await_subscription()

    print('== groonga: words')
    print(subscription)
    words = {'engine': 9, 'english': 5, 'engineering': 3, 'zero': 2, 'end': 1}
    print(site.complete('e'))
    print(*(site.learn(word) for word in words for i in range(words[word])))
    for start in ('e', 'en', 'engi', 'z', 'x'):
        site.await_completed(start, words)

    print('== groonga: more words')
    words = {f'word-{i}': 10 for i in range(20)}
    print(*(site.learn(word) for i in range(10) for word in words))
    for start in ('word', 'word-1'):
        site.await_completed(start, words)
    context.destroy(linger=0)


main()
