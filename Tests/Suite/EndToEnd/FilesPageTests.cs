using System.IO.Compression;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Files;
using RawSocketChat.Tests.Files.Images;
using RawSocketChat.Tests.Support;
using SkiaSharp;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>
/// Files in the page: adding and uploading them, the pictures and cards of the log, the viewer, and hostile files. The tests share one server.
/// Each test has a room of its own.
/// </summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class FilesPageTests
{
    private const int MaxBytes = 500_000;

    private static readonly byte[] Picture = Pictures.CreateQuarters(SKEncodedImageFormat.Png, 60, 40);

    private ServerUnderTest _server = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Files:MaxBytes", $"{MaxBytes}", "--Origins:FromDisk", "true");

    [OneTimeTearDown]
    public async Task StopAsync() => await _server.DisposeAsync();

    [Test]
    public async Task Picture_added_with_the_button_is_shown_to_all_and_opens_in_the_viewer()
    {
        await using var ann = await OpenAsync("ann", "pictures");
        await using var bob = await OpenAsync("bob", "pictures");
        await AddAsync(ann, Png("cat.png"));
        await ExpectTrayAsync(ann, "ready");
        await Assertions.Expect(ann.Page.Locator("#tray-status")).ToHaveTextAsync("1 file is ready to send.");
        (await ann.Page.Locator("#tray img").EvaluateAsync<int>("image => image.naturalWidth")).Should().Be(60, "the page shows the picture before it is sent");
        await ann.SayAsync("look at this");
        await bob.ExpectMessageAsync("look at this");
        await Assertions.Expect(ann.Page.Locator("#tray .attachment")).ToHaveCountAsync(0);
        await AddAsync(ann, Png("one.png"), Png("two.png"));
        await ExpectTrayAsync(ann, "ready", "ready");
        await ann.Input.PressAsync("Enter");
        var pictures = bob.Page.Locator("#log .picture");
        await Assertions.Expect(pictures).ToHaveCountAsync(3);
        await bob.UntilAsync("() => [...document.querySelectorAll('#log .picture img')].every((image) => image.complete && image.naturalWidth > 0)");
        (await pictures.First.BoundingBoxAsync())!.Height.Should().BeApproximately(64, 1, "the page shows a small picture with a height of 64 px");

        // With the keyboard: open the viewer, go through the pictures, and close the viewer. The focus returns to the picture.
        await pictures.First.FocusAsync();
        await bob.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(bob.Page.Locator("#viewer")).ToBeVisibleAsync();
        await Assertions.Expect(bob.Page.Locator("#viewer-close")).ToBeFocusedAsync();
        await ExpectShownAsync("cat.png", "Picture 1 of 3");
        await bob.Page.Keyboard.PressAsync("ArrowRight");
        await ExpectShownAsync("one.png", "Picture 2 of 3");
        await bob.Page.Keyboard.PressAsync("End");
        await ExpectShownAsync("two.png", "Picture 3 of 3");
        await Assertions.Expect(bob.Page.Locator("#viewer-after")).ToBeDisabledAsync();
        await bob.Page.Keyboard.PressAsync("ArrowRight");
        await ExpectShownAsync("two.png", "Picture 3 of 3");
        await bob.Page.ClickAsync("#viewer-before");
        await ExpectShownAsync("one.png", "Picture 2 of 3");
        await AccessibilityTests.ExpectCleanAsync(bob, "the viewer");
        var download = await bob.Page.RunAndWaitForDownloadAsync(() => bob.Page.ClickAsync("#viewer-download"));
        download.SuggestedFilename.Should().Be("one.png");
        await bob.Page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(bob.Page.Locator("#viewer")).ToBeHiddenAsync();
        await Assertions.Expect(pictures.Nth(1)).ToBeFocusedAsync();

        // A click beside the picture also closes the viewer.
        await pictures.First.ClickAsync();
        await Assertions.Expect(bob.Page.Locator("#viewer-stage")).ToHaveAttributeAsync("data-state", "shown");
        await bob.Page.Mouse.ClickAsync(300, 600);
        await Assertions.Expect(bob.Page.Locator("#viewer")).ToBeHiddenAsync();

        // The picture of a deleted message disappears, even from the viewer.
        await pictures.First.ClickAsync();
        await Assertions.Expect(bob.Page.Locator("#viewer")).ToBeVisibleAsync();
        await ann.Page.Locator("#log .message [data-action=menu]").First.EvaluateAsync("button => button.click()");
        await ann.Page.ClickAsync("#menu-delete");
        await ann.Page.ClickAsync("#menu-delete");
        await Assertions.Expect(bob.Page.Locator("#viewer")).ToBeHiddenAsync();
        await Assertions.Expect(pictures).ToHaveCountAsync(2);
        await ExpectCleanAsync(ann, bob);

        async Task ExpectShownAsync(string name, string count)
        {
            await Assertions.Expect(bob.Page.Locator("#viewer-name")).ToHaveTextAsync(name);
            await Assertions.Expect(bob.Page.Locator("#viewer-count")).ToHaveTextAsync(count);
            await Assertions.Expect(bob.Page.Locator("#viewer-stage")).ToHaveAttributeAsync("data-state", "shown");
        }
    }

    [Test]
    public async Task Pasted_and_dropped_files_stay_in_the_draft_of_their_room()
    {
        await using var ann = await OpenAsync("amy", "paste");
        await ann.Page.EvaluateAsync(Transfer("paste", "#input", "new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })"), new[] { "pasted.txt" });
        await ExpectTrayAsync(ann, "ready");

        await ann.Page.EvaluateAsync(Transfer("dragenter", "#log", "new DragEvent('dragenter', { dataTransfer: data, bubbles: true })"), new[] { "x" });
        await Assertions.Expect(ann.Page.Locator("#drop-zone")).ToContainTextAsync("your message in #paste");
        await AccessibilityTests.ExpectCleanAsync(ann, "the drop zone");
        await ann.Page.EvaluateAsync(Transfer("drop", "#log", "new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })"), new[] { "dropped 1.txt", "dropped 2.txt" });
        await Assertions.Expect(ann.Page.Locator("#drop-zone")).ToBeHiddenAsync();
        await ExpectTrayAsync(ann, "ready", "ready", "ready");

        // The draft of another room has no files.
        await ann.SayAsync("/create beside");
        await ann.ExpectInsideAsync("beside");
        await Assertions.Expect(ann.Page.Locator("#tray .attachment")).ToHaveCountAsync(0);
        await ann.SayAsync("no file here");
        await ann.ExpectMessageAsync("no file here");
        await ann.Page.ClickAsync("#rooms [data-room=paste]");
        (await ann.Page.Locator("#tray .name").AllInnerTextsAsync()).Should().Equal("pasted.txt", "dropped 1.txt", "dropped 2.txt");
        await ann.Page.Locator("#tray [data-do=detach]").First.ClickAsync();
        await ann.Input.PressAsync("Enter");
        await Assertions.Expect(ann.Page.Locator("#log .file .name")).ToHaveTextAsync(["dropped 1.txt", "dropped 2.txt"]);

        // A quote shows the number of files. The search shows their names.
        await ann.Page.Locator("#log .message .file").First.HoverAsync();
        await ann.Page.ClickAsync("#log .tools [data-action=reply]");
        await ann.SayAsync("found them");
        await Assertions.Expect(ann.Page.Locator("#log .quote")).ToContainTextAsync("2 files");
        await ann.Page.ClickAsync("#open-search");
        await ann.Page.FillAsync("#search-query", "has:file in:#paste");
        await ann.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(ann.Page.Locator("#search-list .found-file")).ToHaveTextAsync(["dropped 1.txt", "dropped 2.txt"]);
        await AccessibilityTests.ExpectCleanAsync(ann, "found files");
        await ExpectCleanAsync(ann);

        static string Transfer(string what, string target, string create) => $$"""
            (names) => {
              const data = new DataTransfer();
              for (const name of names) data.items.add(new File(['{{what}}'], name, { type: 'text/plain' }));
              document.querySelector('{{target}}').dispatchEvent({{create}});
            }
            """;
    }

    [Test]
    public async Task Long_name_is_cut_before_its_extension()
    {
        await using var ann = await OpenAsync("lea", "names");
        var longName = string.Concat(Enumerable.Repeat("Quarterly report ", 6));
        var hebrew = string.Concat(Enumerable.Repeat("\u05D3\u05D5\u05D7 ", 25));
        await AddAsync(ann, Text($"{longName}final.webm", 9), Text($"{hebrew}.pdf", 9), Text("short.txt", 9));
        await ExpectTrayAsync(ann, "ready", "ready", "ready");
        await ExpectCutAsync("#tray .name");
        await ann.Input.PressAsync("Enter");
        await Assertions.Expect(ann.Page.Locator("#log .file")).ToHaveCountAsync(3);
        await ann.Page.SetViewportSizeAsync(375, 812);
        await ExpectCutAsync("#log .file .name");
        await ExpectCleanAsync(ann);

        async Task ExpectCutAsync(string names)
        {
            var shown = await ann.Page.EvaluateAsync<string[]>("""
                (names) => [...document.querySelectorAll(names)].map((name) => {
                  const [stem, extension] = [name.firstChild, document.createRange()];
                  extension.selectNodeContents(name.lastChild);
                  const [inner, outer] = [extension.getBoundingClientRect(), name.getBoundingClientRect()];
                  const isInside = inner.left >= outer.left - 1 && inner.right <= outer.right + 1;
                  return `${stem.scrollWidth > stem.clientWidth ? 'cut' : 'whole'} ${isInside ? name.lastChild.textContent.slice(-5) : 'hidden'}`;
                })
                """, names);
            shown.Should().Equal("cut .webm", "cut .pdf", "whole .txt");
        }
    }

    [Test]
    public async Task Player_continues_to_play_when_somebody_reacts_to_its_message()
    {
        const int Rate = 8_000;
        await using var ann = await OpenAsync("pia", "player");
        byte[] wave =
        [
            .. "RIFF"u8, .. BitConverter.GetBytes(36 + Rate), .. "WAVEfmt "u8, 16, 0, 0, 0, 1, 0, 1, 0, .. BitConverter.GetBytes(Rate), .. BitConverter.GetBytes(Rate), 1, 0, 8, 0,
            .. "data"u8, .. BitConverter.GetBytes(Rate), .. Enumerable.Repeat((byte)128, Rate),
        ];
        await AddAsync(ann, File("tone.wav", "audio/wav", wave));
        await ExpectTrayAsync(ann, "ready");
        await ann.SayAsync("listen");
        await ann.ExpectMessageAsync("listen");
        await ann.Page.EvaluateAsync("async () => { window.player = document.querySelector('#log audio'); player.muted = player.loop = true; await player.play(); }");
        await ann.Page.Locator("#log .media").HoverAsync();
        await ann.Page.Locator("#log .tools [data-action=quick]").First.ClickAsync();
        await Assertions.Expect(ann.Page.Locator("#log [data-action=react]")).ToHaveCountAsync(1);
        (await ann.Page.EvaluateAsync<bool>("() => player === document.querySelector('#log audio') && !player.paused")).Should().BeTrue();
        await ExpectCleanAsync(ann);
    }

    [Test]
    public async Task Upload_shows_its_progress_and_can_be_cancelled_and_the_message_waits_for_it()
    {
        await using var ann = await OpenAsync("ada", "progress");
        var network = await SlowDownAsync(ann, bytesPerSecond: 60_000);
        await AddAsync(ann, Text("first.bin", 300_000), Text("second.bin", 200_000));
        var bar = ann.Page.Locator("#tray progress").First;
        await ann.UntilAsync("() => { const { value = 0 } = document.querySelector('#tray progress') ?? {}; return value > 0 && value < 100; }");
        await Assertions.Expect(bar).ToHaveAttributeAsync("aria-label", "Upload of first.bin");
        await AccessibilityTests.ExpectCleanAsync(ann, "running uploads");
        await ann.SayAsync("after both");
        await Assertions.Expect(ann.Page.Locator("#tray-status")).ToContainTextAsync("Your message is sent after that.");
        await Assertions.Expect(ann.Page.Locator("#tray-stop")).ToBeVisibleAsync();
        (await ann.Input.InputValueAsync()).Should().Be("after both", "the text stays in the input");

        await ann.Page.ClickAsync("#tray [data-do=detach] >> nth=0");
        await ExpectTrayAsync(ann, "uploading");
        await Assertions.Expect(ann.Page.Locator("#tray .name")).ToHaveTextAsync("second.bin");
        await RestoreAsync(network);
        await ann.ExpectMessageAsync("after both");
        await Assertions.Expect(ann.Page.Locator("#log .file .name")).ToHaveTextAsync(["second.bin"]);
        (await ann.Input.InputValueAsync()).Should().BeEmpty();
        await ExpectCleanAsync(ann);
    }

    [Test]
    public async Task Failed_upload_shows_the_reason_and_can_be_repeated_and_the_message_is_not_sent_without_the_file()
    {
        await using var ann = await OpenAsync("eva", "failure");
        var answers = new Queue<string?>(["""{"type":"error","code":"too-many","text":"your files have 1 GB, which is the maximum"}""", null]);
        await ann.Page.RouteAsync("**/files", async route =>
        {
            if (!answers.TryDequeue(out var answer))
                await route.ContinueAsync();
            else if (answer is null)
                await route.AbortAsync();
            else
                await route.FulfillAsync(new() { Status = 403, ContentType = "application/json", Body = answer });
        });
        await AddAsync(ann, Text("big.txt", MaxBytes + 1));
        await Assertions.Expect(ann.Notices.Last).ToContainTextAsync("big.txt has 488 KB. A file may have at most 488 KB.");
        answers.Should().HaveCount(2, "the page does not upload a file that is too big");

        await AddAsync(ann, Text("notes.txt", 100));
        await Assertions.Expect(ann.Page.Locator("#tray .trouble")).ToHaveTextAsync("Your files have 1 GB, which is the maximum.");
        await ann.SayAsync("with notes");
        await Assertions.Expect(ann.Page.Locator("#tray [data-do=retry]")).ToBeFocusedAsync();
        (await ann.Input.InputValueAsync()).Should().Be("with notes");
        await Assertions.Expect(ann.Messages).ToHaveCountAsync(0);
        await AccessibilityTests.ExpectCleanAsync(ann, "a failed upload");
        await ann.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(ann.Page.Locator("#tray .trouble")).ToContainTextAsync("was interrupted");
        await ann.Page.ClickAsync("#tray [data-do=retry]");
        await ExpectTrayAsync(ann, "ready");
        await ann.Input.PressAsync("Enter");
        await ann.ExpectMessageAsync("with notes");
        await Assertions.Expect(ann.Page.Locator("#log .file .name")).ToHaveTextAsync("notes.txt");
        (await ann.ViolationsAsync()).Should().BeEmpty();
    }

    [Test]
    public async Task Reload_keeps_uploaded_files_and_shows_which_files_are_missing()
    {
        await using var ann = await OpenAsync("mia", "reload");
        await AddAsync(ann, Png("kept.png"));
        await ExpectTrayAsync(ann, "ready");
        var network = await SlowDownAsync(ann, bytesPerSecond: 20_000);
        await AddAsync(ann, Text("lost.bin", 400_000));
        await ann.Input.FillAsync("both of them");
        await ExpectTrayAsync(ann, "ready", "uploading");
        await ann.Page.ReloadAsync();
        await RestoreAsync(network);
        await ann.ExpectInsideAsync("reload");
        (await ann.Input.InputValueAsync()).Should().Be("both of them");
        await ExpectTrayAsync(ann, "ready", "failed");
        await Assertions.Expect(ann.Page.Locator("#tray .trouble")).ToContainTextAsync("Please add the file again.");
        await Assertions.Expect(ann.Page.Locator("#tray [data-do=retry]")).ToHaveCountAsync(0);
        await ann.Page.Locator("#tray [data-do=detach]").Last.ClickAsync();
        await ann.Input.PressAsync("Enter");
        await ann.ExpectMessageAsync("both of them");
        await Assertions.Expect(ann.Page.Locator("#log .picture")).ToHaveCountAsync(1);
        await ExpectCleanAsync(ann);
    }

    [Test]
    public async Task Page_without_a_cookie_uploads_and_shows_files_with_its_token()
    {
        // The user in the answer to POST /session is not the user of the connection, so the page concludes that the browser keeps no cookie.
        await using var ann = await ChatPage.OpenAsync("about:blank");
        await ann.Page.RouteAsync("**/session", route => route.FulfillAsync(new() { ContentType = "application/json", Body = """{"type":"welcome","user":"nobody","name":"nan","guest":true,"session":""}""" }));
        await ann.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/?name=nan&room=lobby");
        await ann.ExpectInsideAsync("lobby");
        await ExpectFilesWithTokenAsync(ann);
    }

    [Test]
    public async Task Page_from_disk_uploads_and_shows_files_with_its_token()
    {
        await using var ann = await ChatPage.OpenAsync("about:blank");
        await ann.Page.GotoAsync($"{new Uri(InstalledTools.ClientHtml)}?server=127.0.0.1:{_server.HttpPort}&name=dan&room=lobby");
        await ann.ExpectInsideAsync("lobby");
        await ExpectFilesWithTokenAsync(ann);
    }

    private static async Task ExpectFilesWithTokenAsync(ChatPage ann)
    {
        var tokens = new List<string?>();
        ann.Page.Request += (_, request) =>
        {
            if (request.Url.Contains("/files", StringComparison.Ordinal) && request.Method != "OPTIONS")
                tokens.Add(request.Headers.GetValueOrDefault("authorization"));
        };
        await AddAsync(ann, Png("token.png"), Text("token.txt", 50));
        await ExpectTrayAsync(ann, "ready", "ready");
        await ann.Input.PressAsync("Enter");
        await ann.UntilAsync("() => [...document.querySelectorAll('#log .picture img')].at(-1)?.naturalWidth > 0");
        await Assertions.Expect(ann.Page.Locator("#log .picture img").Last).ToHaveAttributeAsync("src", new Regex("^blob:"));
        var download = await ann.Page.RunAndWaitForDownloadAsync(() => ann.Page.Locator("#log .file .download").Last.ClickAsync());
        download.SuggestedFilename.Should().Be("token.txt");
        await ann.Page.Locator("#log .picture").Last.ClickAsync();
        await Assertions.Expect(ann.Page.Locator("#viewer-stage")).ToHaveAttributeAsync("data-state", "shown");
        tokens.Should().HaveCountGreaterThanOrEqualTo(5).And.OnlyContain(token => token != null && token.StartsWith("Bearer ", StringComparison.Ordinal));
        (await ann.ViolationsAsync()).Should().BeEmpty();
    }

    [Test]
    public async Task Hostile_files_run_nothing_and_fit_the_page()
    {
        const string Script = "<script>parent.hacked = 1</script>";
        await using var ann = await OpenAsync("zoe", "hostile");
        await AddAsync(ann,
            File("drawing.svg", "image/svg+xml", TestContents.Text($"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"hacked = 1\">{Script}</svg>")),
            File("page.png", "image/png", TestContents.Text($"<!doctype html>{Script}")),
            File("both.png", "text/html", [.. Picture, .. TestContents.Text(Script)]),
            File("../../etc/passwd", "text/plain", [65]),
            File("\u202Egnp.exe", "application/octet-stream", [0, 1]),
            File($"<img src=x onerror=\"hacked = 1\"> {new string('W', 300)}.html", "text/html", TestContents.Text(Script)),
            File("bomb.png", "image/png", Pictures.CreateBomb(50_000, 50_000)),
            File("bomb.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", CreateZipBomb()));
        await Assertions.Expect(ann.Page.Locator("#tray [data-state=ready]")).ToHaveCountAsync(8);
        await ExpectTextsAsync("the tray", "#tray");
        await ann.Input.PressAsync("Enter");
        await Assertions.Expect(ann.Page.Locator("#log :is(.file, .picture)")).ToHaveCountAsync(8);
        await Assertions.Expect(ann.Page.Locator("#log .file", new() { HasText = "bomb" })).ToHaveCountAsync(2);
        (await ann.Page.Locator("#log .file .name").AllInnerTextsAsync()).Should().Contain("passwd").And.Contain("gnp.exe").And.OnlyContain(name => name.Length <= 200);

        // The server never sends a name like this one. The page must be safe even if the server has an error.
        await ann.Page.EvaluateAsync("""
            () => {
              const { parse } = JSON;
              JSON.parse = (text) => parse(text, (key, value) => key === 'name' && value === 'plain.txt' ? '\u202E../<b onclick="hacked = 1">x</b>' + 'W'.repeat(300) : value);
            }
            """);
        await AddAsync(ann, Text("plain.txt", 9));
        await ExpectTrayAsync(ann, "ready");
        await ann.Input.PressAsync("Enter");
        await Assertions.Expect(ann.Page.Locator("#log :is(.file, .picture)")).ToHaveCountAsync(9);
        foreach (var (width, height) in new[] { (1440, 900), (375, 812) })
        {
            await ann.Page.SetViewportSizeAsync(width, height);
            foreach (var theme in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                await ann.Page.EmulateMediaAsync(new() { ColorScheme = theme });
                await ExpectTextsAsync($"the log at {width} pixels, {theme}", "#log", "#composer");
                await AccessibilityTests.ExpectCleanAsync(ann, $"files at {width} pixels, {theme}");
            }
        }

        // A browser that opens one of these files in a tab runs no script either: the server sends the file as text, with a sandbox policy.
        var paths = await ann.Page.Locator("#log .file .download").EvaluateAllAsync<string[]>("links => links.map((link) => link.href)");
        foreach (var path in paths.Take(2))
        {
            var answer = await ann.Page.APIRequest.GetAsync(path);
            answer.Headers["content-security-policy"].Should().StartWith("sandbox");
            answer.Headers["content-type"].Should().Be("text/plain; charset=utf-8");
        }

        await ExpectCleanAsync(ann);

        async Task ExpectTextsAsync(string what, params string[] places)
        {
            var faults = await ann.Page.EvaluateAsync<string[]>("""
                (places) => [
                  ...[document.documentElement, ...places.map((place) => document.querySelector(place))]
                    .filter((node) => node.scrollWidth > node.clientWidth).map((node) => `${node.id || 'the page'} is ${node.scrollWidth} wide in ${node.clientWidth}`),
                  ...document.querySelectorAll('#log b[onclick], #log img[src=x], #tray img[src=x]').length ? ['markup'] : [],
                  ...document.scripts.length === 1 ? [] : ['a script'],
                  ...typeof hacked === 'undefined' ? [] : ['the markup ran'],
                  ...document.body.innerText.includes('\u202E') ? ['the direction changed'] : [],
                ]
                """, places);
            faults.Should().BeEmpty(what);
        }
    }

    /// <summary>Opens a page in a room. Creates the room if it does not exist.</summary>
    private async Task<ChatPage> OpenAsync(string name, string room)
    {
        var page = await ChatPage.OpenAsync("about:blank", new() { ReducedMotion = ReducedMotion.Reduce });
        await page.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/?name={name}&room=lobby");
        await page.ExpectInsideAsync("lobby");
        await Assertions.Expect(page.Page.Locator("#attach")).ToBeVisibleAsync();
        await page.SayAsync(await ExistsAsync(room) ? $"/join {room}" : $"/create {room}");
        await page.ExpectInsideAsync(room);
        return page;
    }

    private async Task<bool> ExistsAsync(string room)
    {
        await using var client = (await ChatClient.JoinAsync(_server.HttpPort, $"scout{Guid.NewGuid():n}"[..20])).Client;
        return (await client.RequestAsync<RoomsFrame>(new ClientFrame { Type = ClientFrameType.Rooms, Match = room, Id = FrameId.From("r") })).Rooms.Any(one => one.Room == room);
    }

    // Creates a document of 20 KB (a ZIP archive) that inflates to 20 MB of zeros.
    private static byte[] CreateZipBomb()
    {
        var bomb = new MemoryStream();
        using (var archive = new ZipArchive(bomb, ZipArchiveMode.Create))
        {
            using var document = archive.CreateEntry("word/document.xml", CompressionLevel.SmallestSize).Open();
            document.Write(new byte[20_000_000]);
        }

        return bomb.ToArray();
    }

    private static FilePayload Png(string name) => File(name, "image/png", Picture);

    private static FilePayload Text(string name, int length) => File(name, "text/plain", [.. Enumerable.Repeat((byte)'a', length)]);

    private static FilePayload File(string name, string type, byte[] content) => new() { Name = name, MimeType = type, Buffer = content };

    private static Task AddAsync(ChatPage page, params FilePayload[] files) => page.Page.SetInputFilesAsync("#attach-files", files);

    private static async Task ExpectTrayAsync(ChatPage page, params string[] states)
    {
        await page.UntilAsync("(states) => [...document.querySelectorAll('#tray .attachment')].map(({ dataset }) => dataset.state).join() === states", string.Join(',', states));
    }

    private static async Task ExpectCleanAsync(params ChatPage[] pages)
    {
        foreach (var page in pages)
        {
            (await page.ViolationsAsync()).Should().BeEmpty();
            page.Errors.Should().BeEmpty();
        }
    }

    private static async Task<ICDPSession> SlowDownAsync(ChatPage page, int bytesPerSecond)
    {
        var session = await page.Page.Context.NewCDPSessionAsync(page.Page);
        await session.SendAsync("Network.enable");
        await SetThroughputAsync(session, bytesPerSecond);
        return session;
    }

    private static Task RestoreAsync(ICDPSession session) => SetThroughputAsync(session, -1);

    private static async Task SetThroughputAsync(ICDPSession session, int bytesPerSecond) => await session.SendAsync(
        "Network.emulateNetworkConditions",
        new Dictionary<string, object> { ["offline"] = false, ["latency"] = 0, ["downloadThroughput"] = -1, ["uploadThroughput"] = bytesPerSecond });
}
