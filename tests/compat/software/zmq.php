<?php
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

/* PHP: its extension zmq, as run-twice runs it. */

const DEADLINE = 30000;

if (!class_exists ('ZMQContext'))
  {
    echo "php-zmq not installed\n";
    exit (77);
  }

function print_library ()
{
  preg_match_all ('#\S+/libzmq\.so\S*#', file_get_contents ('/proc/self/maps'),
                  $found);
  foreach (array_unique ($found[0]) as $path)
    echo "library: $path\n";
}

$context = new ZMQContext ();

function new_socket (int $type, ?string $endpoint = null)
{
  global $context;

  $socket = $context->getSocket ($type);
  $socket->setSockOpt (ZMQ::SOCKOPT_RCVTIMEO, DEADLINE);
  $socket->setSockOpt (ZMQ::SOCKOPT_SNDTIMEO, DEADLINE);
  $socket->setSockOpt (ZMQ::SOCKOPT_LINGER, 0);
  if ($endpoint === null)
    $socket->bind ('tcp://127.0.0.1:*');
  else
    $socket->connect ($endpoint);
  return $socket;
}

function endpoint ($socket)
{
  return $socket->getSockOpt (ZMQ::SOCKOPT_LAST_ENDPOINT);
}

function show ($value)
{
  echo json_encode ($value), "\n";
}

print_library ();

echo "== php: REQ and REP\n";
$rep = new_socket (ZMQ::SOCKET_REP);
$req = new_socket (ZMQ::SOCKET_REQ, endpoint ($rep));
$req->send ('request');
show ($rep->recv ());
$rep->sendMulti (['a', '', 'reply']);
show ($req->recvMulti ());
try
  {
    $req->recv ();
  }
catch (ZMQSocketException $error)
  {
    show ([$error->getCode () === ZMQ::ERR_EFSM, $error->getMessage ()]);
  }
show ($rep->recv (ZMQ::MODE_DONTWAIT));
show ([$req->getSocketType () === ZMQ::SOCKET_REQ, $req->isPersistent ()]);
show (count ($req->getEndpoints ()['connect']));

echo "== php: ROUTER and DEALER\n";
$router = new_socket (ZMQ::SOCKET_ROUTER);
$dealers = [];
for ($i = 0; $i < 10; $i++)
  {
    $dealer = $context->getSocket (ZMQ::SOCKET_DEALER);
    $dealer->setSockOpt (ZMQ::SOCKOPT_IDENTITY, "dealer $i");
    $dealer->setSockOpt (ZMQ::SOCKOPT_RCVTIMEO, DEADLINE);
    $dealer->connect (endpoint ($router));
    $dealer->send (str_repeat ('x', $i * 10000));
    $dealers[] = $dealer;
  }
for ($i = 0; $i < 10; $i++)
  {
    [$id, $text] = $router->recvMulti ();
    $router->sendMulti ([$id, (string) strlen ($text)]);
  }
foreach ($dealers as $dealer)
  show ([$dealer->getSockOpt (ZMQ::SOCKOPT_IDENTITY), $dealer->recv ()]);

echo "== php: XPUB and SUB\n";
$xpub = new_socket (ZMQ::SOCKET_XPUB);
$sub = $context->getSocket (ZMQ::SOCKET_SUB);
$sub->setSockOpt (ZMQ::SOCKOPT_SUBSCRIBE, 'topic');
$sub->setSockOpt (ZMQ::SOCKOPT_RCVTIMEO, DEADLINE);
$sub->connect (endpoint ($xpub));
show (bin2hex ($xpub->recv ()));
$xpub->send ('other');
$xpub->sendMulti (['topic', 'text']);
show ($sub->recvMulti ());

echo "== php: ZMQPoll\n";
/* One socket: its ids of more are the same one, with either library. */
$poll = new ZMQPoll ();
$pull = new_socket (ZMQ::SOCKET_PULL);
$poll->add ($pull, ZMQ::POLL_IN);
$push = new_socket (ZMQ::SOCKET_PUSH, endpoint ($pull));
$readable = $writable = [];
show ($poll->poll ($readable, $writable, 0));
for ($i = 0; $i < 200; $i++)
  $push->send ("$i");
$sum = 0;
$n = 0;
while ($n < 200)
  {
    if ($poll->poll ($readable, $writable, DEADLINE) === 0)
      exit (1);
    while (($text = $readable[0]->recv (ZMQ::MODE_DONTWAIT)) !== false)
      {
        $sum += (int) $text;
        $n++;
      }
  }
show ([$n, $sum]);
show ($poll->poll ($readable, $writable, 0));

echo "== php: ZMQDevice\n";
$front = new_socket (ZMQ::SOCKET_ROUTER);
$back = new_socket (ZMQ::SOCKET_DEALER);
$client = new_socket (ZMQ::SOCKET_REQ, endpoint ($front));
$worker = new_socket (ZMQ::SOCKET_REP, endpoint ($back));
$client->send ('through');
$device = new ZMQDevice ($front, $back);
/* It goes on until its function says that it is enough. */
$device->setTimerCallback (function () use ($client, $worker)
  {
    $text = $worker->recv (ZMQ::MODE_DONTWAIT);
    if ($text !== false)
      $worker->send ("$text and back");
    $answer = $client->recv (ZMQ::MODE_DONTWAIT);
    if ($answer !== false)
      show ($answer);
    return $answer === false;
  }, 10);
$device->run ();

echo "== php: ends\n";
$client->disconnect (endpoint ($front));
try
  {
    $client->connect ('no endpoint');
  }
catch (ZMQSocketException $error)
  {
    show ($error->getMessage ());
  }
