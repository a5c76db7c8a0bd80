#!/usr/bin/ruby
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The zmqg authors
#
# Ruby: ffi-rzmq, which calls libzmq by its functions' names.

begin
  require 'ffi-rzmq'
rescue LoadError
  puts 'ruby-ffi-rzmq not installed'
  exit 77
end

DEADLINE = 30_000

def print_library
  File.foreach('/proc/self/maps').map { |line| line[%r{/\S*/libzmq\.so\S*}] }
      .compact.uniq.each { |path| puts "library: #{path}" }
end

def must(code)
  return code if ZMQ::Util.resultcode_ok?(code)

  puts "#{caller(1..1).first}: #{ZMQ::Util.error_string}"
  exit 1
end

CONTEXT = ZMQ::Context.new

def new_socket(type, endpoint = nil)
  socket = CONTEXT.socket(type)
  must socket.setsockopt(ZMQ::RCVTIMEO, DEADLINE)
  must socket.setsockopt(ZMQ::SNDTIMEO, DEADLINE)
  must socket.setsockopt(ZMQ::LINGER, 0)
  yield socket if block_given?
  must(endpoint ? socket.connect(endpoint) : socket.bind('tcp://127.0.0.1:*'))
  socket
end

def endpoint(socket)
  value = []
  must socket.getsockopt(ZMQ::LAST_ENDPOINT, value)
  value.first.delete("\0")
end

def receive(socket)
  parts = []
  must socket.recv_strings(parts)
  parts
end

print_library

puts '== ruby: REQ and REP'
rep = new_socket(ZMQ::REP)
req = new_socket(ZMQ::REQ, endpoint(rep))
must req.send_string('request')
p receive(rep)
must rep.send_strings(['a', '', 'reply'])
p receive(req)
p req.recv_string(+''), ZMQ::Util.errno == ZMQ::EFSM
p rep.recv_string(+'', ZMQ::DONTWAIT), ZMQ::Util.errno == ZMQ::EAGAIN
puts ZMQ::Util.error_string

puts '== ruby: options'
pair = CONTEXT.socket(ZMQ::PAIR)
[ZMQ::SNDHWM, ZMQ::RCVHWM, ZMQ::LINGER, ZMQ::TYPE, ZMQ::AFFINITY,
 ZMQ::MAXMSGSIZE, ZMQ::RECONNECT_IVL, ZMQ::EVENTS, ZMQ::RCVMORE].each do |option|
  value = []
  must pair.getsockopt(option, value)
  puts "#{option}: #{value.first}"
end
p pair.setsockopt(ZMQ::SNDHWM, -5), ZMQ::Util.errno == ZMQ::EINVAL
p pair.close, pair.close

puts '== ruby: ROUTER and DEALER, with messages'
router = new_socket(ZMQ::ROUTER)
dealer = new_socket(ZMQ::DEALER, endpoint(router)) do |socket|
  must socket.setsockopt(ZMQ::IDENTITY, 'dealer')
end
100.times do |i|
  message = ZMQ::Message.new('x' * i * 100)
  must dealer.sendmsg(message)
end
100.times do
  id = ZMQ::Message.new
  body = ZMQ::Message.new
  must router.recvmsg(id)
  p router.more_parts? unless router.more_parts?
  must router.recvmsg(body)
  must router.send_strings([id.copy_out_string, body.size.to_s])
  id.close
  body.close
end
p Array.new(100) { receive(dealer).first.to_i }.sum

puts '== ruby: XPUB and SUB'
xpub = new_socket(ZMQ::XPUB)
sub = new_socket(ZMQ::SUB, endpoint(xpub)) do |socket|
  must socket.setsockopt(ZMQ::SUBSCRIBE, 'topic')
end
p receive(xpub)
must xpub.send_string('other')
must xpub.send_strings(%w[topic text])
p receive(sub)

puts '== ruby: a poller'
poller = ZMQ::Poller.new
push = CONTEXT.socket(ZMQ::PUSH)
pulls = Array.new(20) do
  pull = new_socket(ZMQ::PULL)
  poller.register_readable(pull)
  must push.connect(endpoint(pull))
  pull
end
200.times { |i| must push.send_string(i.to_s) }
got = []
while got.size < 200
  exit 1 unless poller.poll(DEADLINE).positive?
  poller.readables.each do |pull|
    text = +''
    got << text.to_i if ZMQ::Util.resultcode_ok?(pull.recv_string(text, ZMQ::DONTWAIT))
  end
end
p got.size, got.sum, poller.poll(0)

puts '== ruby: threads'
server = Thread.new do
  2000.times do
    parts = receive(rep)
    must rep.send_string(parts.first.reverse)
  end
end
clients = Array.new(4) do |n|
  Thread.new do
    client = new_socket(ZMQ::REQ, endpoint(rep))
    sum = 0
    500.times do |i|
      must client.send_string("#{n}-#{i}")
      sum += receive(client).first.reverse == "#{n}-#{i}" ? 1 : 0
    end
    client.close
    sum
  end
end
p clients.map(&:value)
server.join

puts '== ruby: ends'
[rep, req, router, dealer, xpub, sub].each { |socket| p socket.close }
(pulls + [push]).each(&:close)
p CONTEXT.terminate
