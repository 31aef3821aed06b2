using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Push;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Push;

/// <summary>A whole server sends push messages to a push service in this process.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class PushTests
{
    [Test]
    public async Task User_without_a_page_gets_an_encrypted_message()
    {
        await using var room = await PushRoom.StartAsync();
        var (_, browser) = await room.AddAsync("ann");
        var ack = await room.SayAsync("hello *there*,\nsee ||the end|| of it");
        var push = (await room.Service.ExpectAsync(1)).Single();
        push.Endpoint.Should().Be(browser.Endpoint);
        push.Method.Should().Be("POST");
        push.Json.ToString().Should().Be($$"""{"room":"lobby","seq":{{ack.Seq}},"name":"bob","text":"hello *there*, see ▒▒▒ of it","direct":false}""");
        push.Bytes.Should().BeLessThan(4096);
        push.Headers["Content-Encoding"].Should().Be("aes128gcm");
        push.Headers["TTL"].Should().Be("86400");
        push.Headers["Topic"].Should().MatchRegex("^[A-Za-z0-9_-]{32}$").And.NotContain("lobby");
        push.Headers.Should().NotContainKey("Urgency");
        ExpectSignature(push, room.Service);
    }

    [Test]
    public async Task User_gets_no_push_message_while_a_page_is_open_and_gets_one_after_the_page_is_closed()
    {
        await using var room = await PushRoom.StartAsync();
        var (session, _) = await room.AddAsync("ann");
        var (_, other) = await room.AddAsync("carol");
        await using (await room.OpenPageAsync(session))
        {
            await room.SayAsync("while ann looks");
            (await room.Service.ExpectAsync(1)).Should().ContainSingle().Which.Endpoint.Should().Be(other.Endpoint);
        }

        await TestWait.UntilAsync(() => !room.Server.HasConnection("ann"), "the page to be closed");
        await room.SayAsync("after that");
        await room.Service.ExpectAsync(3);
        room.Service.Received.Where(push => push.Endpoint != other.Endpoint).Should().ContainSingle().Which.Text.Should().Be("after that");
    }

    [TestCase("all", "", "plain, for ann, for all")]
    [TestCase("all", ""","level":"mentions" """, "for ann")]
    [TestCase("mentions", "", "for ann")] // bob is no moderator, so his @here mentions nobody
    [TestCase("none", "", "")]
    public async Task Levels_of_the_room_and_of_the_browser_decide_which_messages_are_pushed(string level, string more, string expected)
    {
        await using var room = await PushRoom.StartAsync();
        var (_, ann) = await room.AddAsync("ann", more, level);
        var (_, last) = await room.AddAsync("carol");
        var toAnn = new List<string>();
        foreach (var text in (string[])["plain", "@ann: for ann", "@here: for all"])
        {
            if (expected.Split(", ").Contains(text.Split(": ")[^1]))
                toAnn.Add(text);
            await room.SayAsync(text);
            // The server sends to each browser independently, so the message can reach one of them later than the other.
            await TestWait.UntilAsync(() => TextsAt(last).Contains(text) && TextsAt(ann).Intersect(toAnn).Count() == toAnn.Count, $"the message \"{text}\"");
        }

        TextsAt(ann).Should().Equal(toAnn);

        IEnumerable<string> TextsAt(FakeBrowser browser) => room.Service.Received.Where(push => push.Endpoint == browser.Endpoint).Select(push => push.Text);
    }

    [Test]
    public async Task Direct_message_and_mention_are_urgent()
    {
        await using var room = await PushRoom.StartAsync();
        var (session, _) = await room.AddAsync("ann", level: "mentions");
        await using (await room.OpenPageAsync(session))
        {
            await room.Writer.SendAsync("/dm ann");
            await room.Writer.Inbox.ExpectAsync<JoinedFrame>(joined => joined.With is not null);
        }

        await TestWait.UntilAsync(() => !room.Server.HasConnection("ann"), "the page to be closed");
        await room.Writer.SendAsync("only for you");
        var direct = (await room.Service.ExpectAsync(1)).Single();
        direct.Json.GetProperty("direct").GetBoolean().Should().BeTrue();
        direct.Headers["Urgency"].Should().Be("high");
        await room.SayAsync("@ann look", "lobby");
        var mention = (await room.Service.ExpectAsync(2))[1];
        mention.Headers["Urgency"].Should().Be("high");
        mention.Headers["Topic"].Should().NotBe(direct.Headers["Topic"], "the topic is different for each room");
    }

    [Test]
    public async Task Messages_in_quick_succession_are_combined_into_fewer_push_messages()
    {
        await using var room = await PushRoom.StartAsync();
        await room.AddAsync("ann");
        await room.SayAsync("one");
        await room.Service.ExpectAsync(1);
        foreach (var text in (string[])["two", "three", "four"])
            await room.Writer.SendAsync(ChatPeerExtensions.Say(text, room: "lobby"));
        await TestWait.UntilAsync(() => room.Service.Received[^1].Text == "four", "the last message");
        // On a slow machine, the three messages may come too late for one push message. So the test only expects fewer than four.
        room.Service.Received.Count.Should().BeLessThan(4);
    }

    [TestCase("u-bob", 8, "all", false, false, true)]
    [TestCase("u-ann", 8, "all", false, false, false, Description = "her own message")]
    [TestCase("u-bob", 7, "all", false, false, false, Description = "a message that she has read on another device")]
    [TestCase("u-bob", 8, "mentions", false, false, false)]
    [TestCase("u-bob", 8, "mentions", false, true, false, Description = "the level of a direct room applies too")]
    [TestCase("u-bob", 8, "none", false, true, false)]
    [TestCase("u-bob", 8, "all", true, false, false)]
    [TestCase("u-bob", 8, "all", true, true, true)]
    public void Author_and_read_mark_and_levels_decide_whether_a_message_is_pushed_to_a_receiver(
        string author, long seq, string notify, bool onlyMentions, bool isDirect, bool expected)
    {
        var subscription = new StoredPushSubscription("e", "s", "k", "a", onlyMentions, QuietUntil: null, DateTimeOffset.UnixEpoch);
        var message = new RoomEvent(seq, DateTimeOffset.UnixEpoch, new NewEvent(RoomEventKind.Message, author, "bob", "hi"));
        PushDelivery.Concerns(new PushReceiver(subscription, "u-ann", notify, ReadSeq: 7), message, isDirect).Should().Be(expected);
    }

    [Test]
    public async Task Browser_gets_nothing_before_the_end_of_its_quiet_time()
    {
        await using var room = await PushRoom.StartAsync();
        await room.AddAsync("ann", ""","quietUntil":"forever" """);
        await room.AddAsync("dan", $""","quietUntil":"{DateTimeOffset.UtcNow.AddHours(1):O}" """);
        var (_, last) = await room.AddAsync("carol", $""","quietUntil":"{DateTimeOffset.UtcNow.AddHours(-1):O}" """);
        await room.SayAsync("hi");
        (await room.Service.ExpectAsync(1)).Should().ContainSingle().Which.Endpoint.Should().Be(last.Endpoint);
    }

    [Test]
    public async Task User_gets_nothing_after_leaving_the_room_or_logging_out_or_unsubscribing()
    {
        await using var room = await PushRoom.StartAsync();
        var (leaving, _) = await room.AddAsync("ann");
        await using (var page = await room.OpenPageAsync(leaving))
        {
            await page.RequestAsync<JoinedFrame>(ChatPeerExtensions.Join("lobby"));
            await page.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Leave, Room = "lobby", Id = FrameId.From("l") });
        }

        var (ended, _) = await room.AddAsync("dan");
        await using (var page = await room.OpenPageAsync(ended))
            await page.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Logout, Id = FrameId.From("o") });
        var (removed, browser) = await room.AddAsync("eve");
        (await removed.RequestAsync(HttpMethod.Delete, "/push", new StringContent($$"""{"endpoint":"{{browser.Endpoint}}"}"""))).Status.Should().Be(204);
        var (_, last) = await room.AddAsync("carol");
        await TestWait.UntilAsync(() => !room.Server.HasConnection("ann") && !room.Server.HasConnection("dan"), "the pages to be closed");
        await room.SayAsync("hi");
        (await room.Service.ExpectAsync(1)).Should().ContainSingle().Which.Endpoint.Should().Be(last.Endpoint);
    }

    [TestCase(404)]
    [TestCase(410)]
    public async Task Subscription_that_the_push_service_has_ended_is_removed(int status)
    {
        await using var room = await PushRoom.StartAsync();
        using var metrics = new PushMetrics(room.Server);
        var (_, gone) = await room.AddAsync("ann");
        room.Service.Answer = context => FakePushService.SetStatusAsync(context, status);
        await room.SayAsync("one");
        await metrics.ExpectAsync("gone", 1);
        room.Service.Answer = context => FakePushService.SetStatusAsync(context, 201);
        var (_, last) = await room.AddAsync("carol");
        await room.SayAsync("two");
        await TestWait.UntilAsync(() => room.Service.Received.Any(push => push.Endpoint == last.Endpoint), "the message at the other browser");
        room.Service.Received.Count(push => push.Endpoint == gone.Endpoint).Should().Be(1);
    }

    [TestCase(400)]
    [TestCase(429)]
    [TestCase(500)]
    public async Task Failed_message_is_not_sent_again_and_the_subscription_stays(int status)
    {
        await using var room = await PushRoom.StartAsync();
        using var metrics = new PushMetrics(room.Server);
        await room.AddAsync("ann");
        room.Service.Answer = context => FakePushService.SetStatusAsync(context, status);
        await room.SayAsync("one");
        await metrics.ExpectAsync("failed", 1);
        room.Service.Answer = context => FakePushService.SetStatusAsync(context, 201);
        await room.SayAsync("two");
        // After 429, the browser gets nothing for a minute.
        await metrics.ExpectAsync(status == 429 ? "dropped" : "delivered", 1);
        room.Service.Received.Select(push => push.Text).Should().Equal(status == 429 ? (string[])["one"] : ["one", "two"]);
    }

    [Test]
    public async Task Silent_push_service_gets_no_more_messages_and_delays_neither_the_room_nor_other_services()
    {
        await using var healthy = await FakePushService.StartAsync();
        await using var room = await PushRoom.StartAsync("--Push:TimeoutSeconds", "1", "--Push:MaxConcurrent", "2");
        using var metrics = new PushMetrics(room.Server);
        room.Service.Answer = context => Task.Delay(Timeout.Infinite, context.RequestAborted);
        for (var i = 0; i < 5; i++)
            await room.AddAsync($"ann{i}");
        await room.AddAsync("carol", service: healthy);
        await room.SayAsync("hi");
        (await healthy.ExpectAsync(1)).Single().Text.Should().Be("hi");
        await metrics.ExpectAsync("failed", 3);
        await metrics.ExpectAsync("dropped", 1);
    }

    [Test]
    public async Task Full_queue_drops_messages_and_counts_them()
    {
        await using var room = await PushRoom.StartAsync("--Push:Queue", "1", "--Push:MaxConcurrent", "1");
        using var metrics = new PushMetrics(room.Server);
        var release = new TaskCompletionSource();
        room.Service.Answer = async context =>
        {
            await release.Task;
            context.Response.StatusCode = 201;
        };
        for (var i = 0; i < 5; i++)
            await room.AddAsync($"ann{i}");
        await room.SayAsync("hi");
        await metrics.ExpectAsync("dropped", 3);
        release.SetResult();
        await metrics.ExpectAsync("delivered", 1);
    }

    [Test]
    public async Task Dropped_message_does_not_count_towards_PerHour()
    {
        await using var room = await PushRoom.StartAsync("--Push:Queue", "1", "--Push:MaxConcurrent", "1", "--Push:PerHour", "1");
        using var metrics = new PushMetrics(room.Server);
        const int Browsers = 3;
        for (var i = 0; i < Browsers; i++)
            await room.AddAsync($"ann{i}");
        // The queue drops most messages, but at least one browser gets each message.
        for (var said = 1; said <= Browsers; said++)
        {
            await room.SayAsync($"message {said}");
            await metrics.ExpectAllAsync(Browsers * said);
        }

        room.Service.Received.Select(push => push.Endpoint).Distinct().Should().HaveCount(Browsers);
        room.Service.Received.Should().HaveCount(Browsers);
    }

    [Test]
    public async Task Browser_gets_at_most_PerHour_messages()
    {
        await using var room = await PushRoom.StartAsync("--Push:PerHour", "1");
        using var metrics = new PushMetrics(room.Server);
        await room.AddAsync("ann");
        await room.SayAsync("one");
        await metrics.ExpectAsync("delivered", 1);
        await room.SayAsync("two");
        await metrics.ExpectAsync("dropped", 1);
        room.Service.Received.Should().ContainSingle();
    }

    [Test]
    public async Task Subscription_survives_a_restart()
    {
        using var folder = new TemporaryFolder();
        await using (var first = await PushRoom.StartAsync("--Data:Path", folder.Path))
            await first.AddAsync("ann");
        await using var second = await PushRoom.StartAsync("--Data:Path", folder.Path);
        using var metrics = new PushMetrics(second.Server);
        await second.SayAsync("hi");
        // The fake push service of the first server is gone, so the attempt fails.
        await metrics.ExpectAsync("failed", 1);
    }

    // RFC 8292, section 2: a JSON Web Token for the origin of the push service.
    private static void ExpectSignature(ReceivedPush push, FakePushService service)
    {
        var header = push.Headers["Authorization"];
        header.Should().StartWith("vapid t=").And.EndWith($", k={PushRoom.Keys.Public}");
        var token = header["vapid t=".Length..header.IndexOf(',', StringComparison.Ordinal)].Split('.');
        var claims = JsonSerializer.Deserialize<JsonElement>(Base64Url.DecodeFromChars(token[1]));
        service.Origin.Should().StartWith(claims.GetProperty("aud").GetString());
        claims.GetProperty("sub").GetString().Should().Be("mailto:admin@example.org");
        var point = Base64Url.DecodeFromChars(PushRoom.Keys.Public);
        using var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = point[1..33], Y = point[33..] } });
        key.VerifyData(Encoding.ASCII.GetBytes($"{token[0]}.{token[1]}"), Base64Url.DecodeFromChars(token[2]), HashAlgorithmName.SHA256).Should().BeTrue();
    }

    /// <summary>The metric of push messages of a server.</summary>
    private sealed class PushMetrics : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<string, long> _values = new();

        public PushMetrics(ServerUnderTest server)
        {
            var meters = server.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == meters && instrument.Name == "rawsocketchat.pushes" && instrument.Meter.Name == ServerMetrics.MeterName)
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((_, value, tags, _) => _values.AddOrUpdate((string)tags[0].Value!, value, (_, sum) => sum + value));
            _listener.Start();
        }

        public Task ExpectAsync(string result, long min) =>
            TestWait.UntilAsync(() => _values.GetValueOrDefault(result) >= min, () => $"{min} push messages that are {result}; got {string.Join(", ", _values)}");

        public Task ExpectAllAsync(long count) =>
            TestWait.UntilAsync(() => _values.Values.Sum() >= count, () => $"the results of {count} push messages; got {string.Join(", ", _values)}");

        public void Dispose() => _listener.Dispose();
    }
}
