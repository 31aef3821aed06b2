using System.Text;
using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>Two browsers with the same account. One of them loses its connection and comes back later.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class TwoDevicesTests
{
    private const string ReadStorage = """
        async () => {
          const stored = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })];
          const result = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
          for (const { name } of await indexedDB.databases()) {
            const database = await result(indexedDB.open(name));
            for (const store of database.objectStoreNames) stored.push(JSON.stringify(await result(database.transaction(store).objectStore(store).getAll())));
            database.close();
          }
          return stored.join('\n');
        }
        """;

    private const string ReadReactions = "nodes => nodes.map((node) => `${node.closest('.message').dataset.seq} ${node.textContent}`)";

    private static readonly string[] Gone =
        ["lobby draft", "lobby gossip", "garden draft", "garden gossip", "late draft", "late gossip", "interim text"];

    private int _port;
    private TemporaryFolder _data = null!;
    private ServerProcess? _server;

    [SetUp]
    public async Task StartServer()
    {
        _port = ServerUnderTest.FindFreePort();
        _data = new TemporaryFolder();
        _server = await StartAsync();
    }

    [TearDown]
    public async Task StopServer()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _data.Dispose();
    }

    [Test]
    public async Task Both_devices_show_the_same_after_one_was_offline_during_a_crash_of_the_server()
    {
        await using var relay = new CuttableRelay(_port);
        await using var near = await ChatPage.JoinAsync(_port, "ann");
        await AccountSteps.RegisterAsync(near);
        await using var far = await ChatPage.OpenAsync($"http://127.0.0.1:{relay.Port}/");
        await AccountSteps.LogInAsync(far, "ann");

        var (bob, _) = await ChatClient.JoinAsync(_port, "bob");
        var session = bob.Inbox.All.OfType<WelcomeFrame>().Single().Session;
        await bob.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "garden", Id = NewId() });
        foreach (var room in (string[])["lobby", "garden"])
        {
            await bob.SayAsync($"{room} draft", room: room);
            await bob.SayAsync($"{room} gossip", room: room);
            await bob.SayAsync($"{room} fact", room: room);
        }

        foreach (var page in (ChatPage[])[near, far])
        {
            await page.SayAsync("/join garden");
            await page.ExpectInsideAsync("garden");
            await page.ExpectMessageAsync("garden fact");
            await OpenAsync(page, "lobby");
            await page.ExpectMessageAsync("lobby fact");
        }

        relay.IsDown = true;
        relay.Reset();
        await far.ExpectNotOnlineAsync();

        // While one device is offline, bob changes messages, and the other device reads.
        foreach (var room in (string[])["lobby", "garden"])
        {
            await ChangeAsync(bob, room, 1, "interim text");
            await ChangeAsync(bob, room, 1, $"{room} final");
            await DeleteAsync(bob, room, 2);
            await bob.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.React, Room = room, Seq = 3, Emoji = "👍", Id = NewId() });
        }

        await bob.SayAsync("@ann one", room: "garden");
        var read = await bob.SayAsync("two", room: "garden");
        await ExpectUnreadAsync(near, unread: 2, mentions: 1);
        await OpenAsync(near, "garden");
        await near.ExpectMessageAsync("two");
        await WaitForReadMarkAsync(read.Seq!.Value);
        await OpenAsync(near, "lobby");
        await bob.SayAsync("@ann late draft", room: "garden");
        var gossip = (await bob.SayAsync("@ann late gossip", room: "garden")).Seq!.Value;
        await ExpectUnreadAsync(near, unread: 2, mentions: 2);

        await _server!.KillAsync();
        await bob.DisposeAsync();
        await _server.DisposeAsync();
        _server = await StartAsync();

        await near.ExpectOnlineAsync();
        await using var again = await ChatClient.ConnectAsync(_port, $"/ws?session={session}");
        await again.RequestAsync<JoinedFrame>(Join("garden"));
        await ExpectUnreadAsync(near, unread: 2, mentions: 2);
        await ChangeAsync(again, "garden", gossip - 1, "late final");
        await DeleteAsync(again, "garden", gossip);
        await again.SayAsync("@ann three", room: "garden");
        await again.SayAsync("four", room: "garden");

        relay.IsDown = false;
        await far.ExpectOnlineAsync();
        foreach (var page in (ChatPage[])[near, far])
            await ExpectUnreadAsync(page, unread: 3, mentions: 1);
        await ExpectSameAsync(near, far, "lobby");
        await OpenAsync(far, "garden");
        await far.ExpectMessageAsync("four");
        await ExpectUnreadAsync(near, unread: 0, mentions: 0);
        await OpenAsync(near, "garden");
        await ExpectSameAsync(near, far, "garden");
        (await far.ReadAsync()).Select(message => message.Text).Should().ContainInOrder("garden final", "garden fact", "@ann one", "two", "late final", "@ann three", "four");

        var kept = await far.Page.EvaluateAsync<string>("() => document.documentElement.outerHTML") + await far.Page.EvaluateAsync<string>(ReadStorage);
        kept.Should().Contain("garden final").And.NotContainAny(Gone);
        await _server.TerminateAsync();
        string.Concat(Directory.GetFiles(_data.Path).Select(file => Encoding.Latin1.GetString(File.ReadAllBytes(file)))).Should().Contain("garden final").And.NotContainAny(Gone);
        far.Errors.Where(error => !error.Contains("WebSocket", StringComparison.Ordinal) && !error.Contains("ERR_", StringComparison.Ordinal)).Should().BeEmpty();
    }

    private static Task OpenAsync(ChatPage page, string room) => page.Page.ClickAsync($"#rooms [data-room={room}]");

    // The text of the button contains words that only screen readers read, and a number that is hidden if it is 0.
    private static Task ExpectUnreadAsync(ChatPage page, int unread, int mentions) =>
        Assertions.Expect(page.Page.Locator("#rooms [data-room=garden]")).ToHaveTextAsync(unread == 0 ? "garden0" : $"garden{unread} unread{(mentions == 0 ? "" : $", {mentions} for you")}");

    private static async Task ExpectSameAsync(ChatPage near, ChatPage far, string room)
    {
        foreach (var page in (ChatPage[])[near, far])
        {
            await page.ExpectInsideAsync(room);
            await Assertions.Expect(page.Page.Locator("#log [data-seq='3'] [data-emoji='👍']")).ToHaveCountAsync(1);
        }

        (await far.ReadAsync()).Should().Equal(await near.ReadAsync());
        (await far.Page.Locator("#log .reactions").EvaluateAllAsync<string[]>(ReadReactions)).Should().Equal(await near.Page.Locator("#log .reactions").EvaluateAllAsync<string[]>(ReadReactions));
    }

    private static async Task ChangeAsync(ChatClient client, string room, long seq, string text) =>
        await client.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Edit, Room = room, Seq = seq, Text = text, Id = NewId() });

    private static async Task DeleteAsync(ChatClient client, string room, long seq) =>
        await client.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Delete, Room = room, Seq = seq, Id = NewId() });

    // A third device of the account asks for the read mark that the server has stored.
    private async Task WaitForReadMarkAsync(long seq)
    {
        await using var device = await ChatClient.ConnectAsync(_port);
        await device.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Login, Name = "ann", Password = AccountSteps.Password, Id = NewId() });
        await TestWait.UntilAsync(async () => (await device.RequestAsync<JoinedFrame>(Join("garden", limit: 0))).Read == seq, "the read mark at the server");
    }

    private static FrameId NewId() => FrameId.From($"{Guid.NewGuid():n}");

    private Task<ServerProcess> StartAsync() => ServerProcess.StartAsync(
        "--urls", $"http://127.0.0.1:{_port}", "--RawTcp:Port", "0", "--Data:Path", _data.Path, "--Limits:Enabled", "false");
}
