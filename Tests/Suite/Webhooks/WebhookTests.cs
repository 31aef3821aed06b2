using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Hosting;
using RawSocketChat.Tests.Operator;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Webhooks;

/// <summary>A whole server sends webhooks to receivers in this process.</summary>
public sealed class WebhookTests
{
    [Test]
    public async Task Receiver_gets_all_events_in_order_and_one_at_a_time()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var server = await ServerUnderTest.StartAsync(WebhookRoom.Settings);
        await using var room = await WebhookRoom.CreateAsync(server);
        await room.SetAsync(receiver.Url);
        for (var i = 1; i <= 100; i++)
            await room.SayAsync($"text {i}");
        await room.ActAsync(new ClientFrame { Type = ClientFrameType.Topic, Text = "be kind" });
        await receiver.ExpectAsync(101);
        receiver.Texts.Should().Equal([.. Enumerable.Range(1, 100).Select(i => $"text {i}"), "be kind"]);
        receiver.MaxRunning.Should().Be(1);
        (await room.ExpectAsync(shown => shown.Delivered == 101, "the cursor to reach the newest event")).Failing.Should().BeNull();
    }

    [Test]
    public async Task Hanging_receiver_slows_neither_its_room_nor_other_webhooks()
    {
        await using var hanging = await WebhookReceiver.StartAsync();
        await using var healthy = await WebhookReceiver.StartAsync();
        var release = new TaskCompletionSource();
        hanging.Answer = (_, _) => release.Task;
        await using var server = await ServerUnderTest.StartAsync(WebhookRoom.Settings);
        await using var slow = await WebhookRoom.CreateAsync(server);
        await using var fast = await WebhookRoom.CreateAsync(server);
        await slow.SetAsync(hanging.Url);
        await fast.SetAsync(healthy.Url);
        for (var i = 0; i < 50; i++)
        {
            await slow.SayAsync($"slow {i}");
            await fast.SayAsync($"fast {i}");
        }

        await healthy.ExpectAsync(50);
        hanging.Received.Should().ContainSingle("one request is in flight");
        release.SetResult();
        await hanging.ExpectAsync(50);
        hanging.Texts.Should().Equal(Enumerable.Range(0, 50).Select(i => $"slow {i}"));
    }

    [Test]
    public async Task MaxConcurrent_limits_the_requests_of_all_webhooks()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var release = new SemaphoreSlim(0);
        receiver.Answer = (_, context) => release.WaitAsync(context.RequestAborted);
        await using var server = await ServerUnderTest.StartAsync([.. WebhookRoom.Settings, "--Webhooks:MaxConcurrent", "2"]);
        var rooms = new List<WebhookRoom>();
        for (var i = 0; i < 4; i++)
        {
            rooms.Add(await WebhookRoom.CreateAsync(server));
            await rooms[i].SetAsync(receiver.Url);
            await rooms[i].SayAsync($"room {i}");
        }

        await receiver.ExpectAsync(2);
        release.Release(4);
        await receiver.ExpectAsync(4);
        receiver.MaxRunning.Should().Be(2);
        receiver.Texts.Should().BeEquivalentTo("room 0", "room 1", "room 2", "room 3");
        foreach (var room in rooms)
            await room.DisposeAsync();
    }

    [Test]
    public async Task Slow_receivers_use_at_most_half_of_the_slots()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var healthy = await WebhookReceiver.StartAsync();
        var release = new SemaphoreSlim(0);
        receiver.Answer = (_, context) => release.WaitAsync(context.RequestAborted);
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await ServerUnderTest.StartAsync(
            services => services.AddSingleton<TimeProvider>(time), [.. WebhookRoom.Settings, "--Webhooks:MaxConcurrent", "2", "--Connections:PingSeconds", "3600"]);
        await using var first = await WebhookRoom.CreateAsync(server);
        await using var second = await WebhookRoom.CreateAsync(server);
        await using var other = await WebhookRoom.CreateAsync(server);
        foreach (var room in (WebhookRoom[])[first, second])
        {
            await room.SetAsync(receiver.Url);
            await room.SayAsync("one");
            await room.SayAsync("two");
        }

        // The first request of each webhook takes one second, so the server treats both webhooks as slow. Slow webhooks may use only one of the
        // two slots, so their second requests run one after the other.
        await receiver.ExpectAsync(2);
        time.Advance(TimeSpan.FromSeconds(1));
        release.Release(2);
        await receiver.ExpectAsync(3);
        await other.SetAsync(healthy.Url);
        await other.SayAsync("hi");
        await healthy.ExpectAsync(1);
        receiver.Received.Should().HaveCount(3);
        release.Release(2);
        await receiver.ExpectAsync(4);
    }

    [Test]
    public async Task Events_survive_a_restart_and_the_retry_request_delivers_them_immediately()
    {
        using var folder = new TemporaryFolder();
        var port = ServerUnderTest.FindFreePort();
        string name;
        await using (var server = await ServerUnderTest.StartAsync([.. WebhookRoom.Settings, "--Data:Path", folder.Path]))
        {
            await using var room = await WebhookRoom.CreateAsync(server);
            name = room.Name;
            await room.Owner.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Register, Name = "ann", Password = "my long password", Id = FrameId.From("r") });
            await room.SetAsync($"http://127.0.0.1:{port}/chat");
            foreach (var text in (string[])["one", "two", "three"])
                await room.SayAsync(text);
            var failing = (await room.ExpectAsync(shown => shown.Failing is not null, "the first attempt to fail")).Failing!;
            failing.Error.Should().Be("the receiver cannot be reached");
            failing.Next.Should().BeAfter(failing.Since);
        }

        await using var receiver = await WebhookReceiver.StartAsync(port);
        await using (var server = await ServerUnderTest.StartAsync([.. WebhookRoom.Settings, "--Data:Path", folder.Path]))
        {
            await using var ann = await ChatClient.ConnectAsync(server.HttpPort, "/ws");
            await ann.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Login, Name = "ann", Password = "my long password", Id = FrameId.From("l") });
            await ann.RequestAsync<JoinedFrame>(ChatPeerExtensions.Join(name));
            var room = new WebhookRoom(name, ann);
            await room.RequestAsync("retry");
            await receiver.ExpectAsync(3);
            receiver.Texts.Should().Equal("one", "two", "three");
            await room.ExpectAsync(shown => shown is { Delivered: 3, Failing: null }, "the delivery to be recorded");
        }
    }

    [Test]
    public async Task Webhook_of_a_closed_room_is_not_used_for_a_new_room_with_the_same_name()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var server = await ServerUnderTest.StartAsync(WebhookRoom.Settings);
        await using var room = await WebhookRoom.CreateAsync(server);
        await room.SetAsync(receiver.Url);
        await room.SayAsync("before");
        await receiver.ExpectAsync(1);
        await room.ActAsync(new ClientFrame { Type = ClientFrameType.Close });
        await using var again = await WebhookRoom.CreateAsync(server, room.Name);
        (await again.RequestAsync("show")).Should().BeEquivalentTo(new { Url = (string?)null, Delivered = (long?)null });
        await again.SayAsync("after");

        // When the other receiver has got its event, the server has had time to send the event "after" to the first receiver by mistake.
        await using var other = await WebhookReceiver.StartAsync();
        await again.SetAsync(other.Url);
        await again.SayAsync("last");
        await other.ExpectAsync(1);
        other.Texts.Should().Equal("last");
        receiver.Texts.Should().Equal("before");
    }

    [Test]
    public async Task Webhook_is_in_a_backup_and_not_in_an_export()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        using var folder = new TemporaryFolder();
        string name, secret, id;
        await using (var server = await ServerUnderTest.StartAsync([.. WebhookRoom.Settings, "--Data:Path", folder.Path]))
        {
            await using var room = await WebhookRoom.CreateAsync(server);
            (name, secret) = (room.Name, (await room.SetAsync(receiver.Url)).Secret!);
            await room.SayAsync("before");
            id = (await receiver.ExpectAsync(1))[0].Id;
            await room.ExpectAsync(shown => shown.Delivered == 1, "the delivery to be recorded");
        }

        var export = (await OperatorRunner.RunAsync(folder.Path, "export", name)).ShouldSucceed().Output;
        export.Should().NotContain(secret).And.NotContain(receiver.Url);
        var backup = Path.Combine(folder.Path, "backup.db");
        (await OperatorRunner.RunAsync(folder.Path, "backup", backup)).ShouldSucceed();
        (await OperatorRunner.RunAsync(folder.Path, "restore", backup)).ShouldSucceed();
        await using (var server = await ServerUnderTest.StartAsync([.. WebhookRoom.Settings, "--Data:Path", folder.Path]))
        {
            var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob", name);
            await using var __ = bob;
            await bob.SayAsync("after", room: name);
            await receiver.ExpectAsync(2);
            receiver.Texts.Should().Equal("before", "after");
            receiver.Received[1].Id.Should().StartWith(id[..id.IndexOf('_', "msg_".Length)], "it is the same webhook");
        }

        (await OperatorRunner.RunAsync(folder.Path, "remove-room", name)).ShouldSucceed();
    }

    [TestCase("--Webhooks:AllowedNetworks:0", "10.0.0.0/33", "--Webhooks:AllowedNetworks: \"10.0.0.0/33\" is not a network; try: 10.1.2.0/24")]
    [TestCase("--Webhooks:AllowedNetworks:0", "localhost", "--Webhooks:AllowedNetworks:0: \"localhost\" is not a network; try: 10.1.2.0/24")]
    [TestCase("--Webhooks:RetryHours", "0", "--Webhooks:RetryHours: 0 is not between 1 and 720")]
    public void Bad_setting_stops_the_start_with_one_line(string name, string value, string error) =>
        FluentActions.Invoking(() => Server.Program.Build([name, value])).Should().Throw<SettingException>().WithMessage(error);
}

/// <summary>A server that is killed between a request and its result.</summary>
[Category(Categories.Slow)] // kills a server
[Parallelizable(ParallelScope.Self)]
public sealed class KilledWebhookTests
{
    [Test]
    public async Task Event_is_sent_again_with_the_same_id_after_a_kill()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answer = (_, context) => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        using var data = new TemporaryFolder();
        var (http, raw) = (ServerUnderTest.FindFreePort(), ServerUnderTest.FindFreePort());
        string[] settings = ["--urls", $"http://127.0.0.1:{http}", "--RawTcp:Port", $"{raw}", "--Data:Path", data.Path, "--Webhooks:AllowedNetworks:0", "127.0.0.0/8"];
        await using (var server = await ServerProcess.StartAsync(settings))
        {
            await using var owner = await ChatClient.ConnectAsync(http, "/ws");
            await owner.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "garden", Id = FrameId.From("create") });
            var room = new WebhookRoom("garden", owner);
            await room.SetAsync(receiver.Url);
            await room.SayAsync("first");
            await room.SayAsync("second");
            await receiver.ExpectAsync(1);
            await server.KillAsync();
        }

        receiver.Answer = (_, context) => WebhookReceiver.SetStatus(context, 200);
        await using var again = await ServerProcess.StartAsync(settings);
        await receiver.ExpectAsync(3);
        receiver.Texts.Should().Equal("first", "first", "second");
        receiver.Received[1].Id.Should().Be(receiver.Received[0].Id);
        receiver.Received[2].Id.Should().NotBe(receiver.Received[0].Id);
    }
}
